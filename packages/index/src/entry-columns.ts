import type { PlacedLine } from "@stele/store/reading";
import { AMOUNTS, factsOf, NAMES, type Facts, type Name } from "./facts.ts";
import { token } from "./words.ts";

/**
 * What the index keeps of entries that follow each other, by columns: few values, which are cheap
 * to hand to another thread.
 */
export interface EntryColumns {
  /** The `seq` of the first one, and how many they are. */
  readonly first: number;
  readonly count: number;
  /** The link of the first one, and the hash of the last one. */
  readonly prev: string;
  readonly hash: string;
  /** Of each entry where its line begins, its size, and its time. */
  readonly places: Float64Array;
  readonly names: Readonly<Record<Name, NameColumn>>;
  /** Of each entry all AMOUNTS, as SQLite holds them. */
  readonly amounts: readonly (number | bigint | null)[];
  /** Of each entry the tokens of what hardly two have in common, each with a space in front. */
  readonly tokens: readonly string[];
}

/** How many numbers `places` has of each entry, and which of them is its time. */
export const PLACE_COLUMNS = 3;
export const TIME_COLUMN = 2;

/** The entries' names of one kind: different ones, and which of them each entry has. */
export interface NameColumn {
  readonly texts: readonly string[];
  /** 0 when it has none, else one more than the place in `texts`. */
  readonly numbers: Int32Array;
}

/** How many words are kept in memory. */
const MAX_CACHED = 50_000;

/** Makes columns of entries. */
export class ColumnsMaker {
  readonly #wordTokens = new Map<string, string>();

  /** Of at least one entry; each follows the one before. */
  make(lines: readonly PlacedLine[]): EntryColumns {
    const count = lines.length;
    const places = new Float64Array(PLACE_COLUMNS * count);
    const names = NAMES.map(() => new NameColumnMaker(count));
    const amounts: (number | bigint | null)[] = [];
    const tokens: string[] = [];
    for (const [at, { entry, offsetBytes, sizeBytes }] of lines.entries()) {
      const facts = factsOf(entry);
      places[PLACE_COLUMNS * at] = offsetBytes;
      places[PLACE_COLUMNS * at + 1] = sizeBytes;
      places[PLACE_COLUMNS * at + TIME_COLUMN] = facts.timeMs;
      for (let kind = 0; kind < NAMES.length; kind++) {
        names[kind]!.set(at, facts.names[NAMES[kind]!]);
      }
      for (const amount of AMOUNTS) amounts.push(stored(facts.amounts[amount]));
      tokens.push(this.#ownTokens(facts));
    }
    const [{ entry: first }, { entry: last }] = [lines[0]!, lines.at(-1)!];
    const named = NAMES.map((name, kind) => {
      const { texts, numbers } = names[kind]!;
      return [name, { texts, numbers }];
    });
    return {
      first: first.seq,
      count,
      prev: first.prev,
      hash: last.hash,
      places,
      names: Object.fromEntries(named) as EntryColumns["names"],
      amounts,
      tokens,
    };
  }

  #ownTokens({ id, parent, words }: Facts): string {
    let tokens = id === undefined ? "" : ` ${token("id", id)}`;
    if (parent !== undefined) tokens += ` ${token("parent", parent)}`;
    for (const word of words) tokens += this.#wordToken(word);
    return tokens;
  }

  #wordToken(word: string): string {
    let known = this.#wordTokens.get(word);
    if (known === undefined) {
      if (this.#wordTokens.size >= MAX_CACHED) this.#wordTokens.clear();
      known = ` ${token("word", word)}`;
      this.#wordTokens.set(word, known);
    }
    return known;
  }
}

class NameColumnMaker {
  readonly texts: string[] = [];
  readonly numbers: Int32Array;
  readonly #known = new Map<string, number>();

  constructor(count: number) {
    this.numbers = new Int32Array(count);
  }

  set(at: number, text: string | undefined): void {
    if (text === undefined) return;
    let number = this.#known.get(text);
    if (number === undefined) {
      number = this.texts.push(text);
      this.#known.set(text, number);
    }
    this.numbers[at] = number;
  }
}

/** SQLite's integers are signed: the upper half of 2^64 is stored as negative numbers. */
function stored(amount: bigint | undefined): number | bigint | null {
  if (amount === undefined) return null;
  return amount <= MAX_SAFE ? Number(amount) : BigInt.asIntN(64, amount);
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
