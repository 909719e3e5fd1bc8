import type { DatabaseSync, StatementSync } from "node:sqlite";
import { partName } from "./schema.ts";
import { TOKEN_LENGTH } from "./words.ts";

// Which full parts cannot have a token, so that what is rare is not looked for in each of them.
// For each part a Bloom filter of its tokens, in blocks: all bits of a token lie in one block, and
// the blocks of one number of all parts lie side by side in the table, to be read at once.
// F. Putze, P. Sanders, J. Singler, "Cache-, Hash- and Space-Efficient Bloom Filters" (2007).

/** How many blocks a part's filter has; a power of two. */
const BLOCKS = 1024;
/** So many bits for each token, of which so many are set: one in a hundred says yes wrongly. */
const BITS_A_TOKEN = 10;
const BITS_SET = 6;
/** Larger rows would not lie in the table's pages; more tokens than they suit are told apart worse. */
const MAX_BLOCK_BYTES = 900;

/** Says in which parts all of some tokens may be. Parts without a filter may have any. */
export class PartFilters {
  readonly #database: DatabaseSync;
  readonly #add: StatementSync;
  readonly #find: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#add = database.prepare("INSERT OR REPLACE INTO filter VALUES (?, ?, ?)");
    this.#find = database.prepare(
      "SELECT part, bits FROM filter WHERE block = ? AND part BETWEEN ? AND ?",
    );
    this.#find.setReturnArrays(true);
  }

  /** Within a transaction: makes the filter of a part that is full. */
  make(part: number): void {
    const tokens = this.#tokensOf(part);
    const count = tokens.length / TOKEN_LENGTH;
    const bytes = Math.ceil((count * BITS_A_TOKEN) / 8 / BLOCKS);
    const blockBytes = Math.max(1, Math.min(bytes, MAX_BLOCK_BYTES));
    const bits = new Uint8Array(BLOCKS * blockBytes);
    for (let at = 0; at < tokens.length; at += TOKEN_LENGTH) {
      const place = placeOf(tokens, at);
      setBits(bits.subarray(place.block * blockBytes, (place.block + 1) * blockBytes), place);
    }
    for (let block = 0; block < BLOCKS; block++) {
      this.#add.run(block, part, bits.subarray(block * blockBytes, (block + 1) * blockBytes));
    }
  }

  /** The parts, from one to another, that do not have all of the tokens. */
  without(tokens: readonly string[], first: number, last: number): ReadonlySet<number> {
    const parts = new Set<number>();
    for (const token of tokens) {
      const place = placeOf(token, 0);
      for (const row of this.#find.iterate(place.block, first, last)) {
        const [part, bits] = row as unknown as readonly [number, Uint8Array];
        if (!hasBits(bits, place)) parts.add(part);
      }
    }
    return parts;
  }

  /** Within a transaction: forgets the filters of parts that went. */
  removeBefore(part: number): void {
    this.#database.prepare("DELETE FROM filter WHERE part < ?").run(part);
  }

  /** All its tokens, one behind the other. */
  #tokensOf(part: number): string {
    this.#database.exec(
      `CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', '${partName(part)}', 'row')`,
    );
    const row = this.#database.prepare("SELECT group_concat(term, '') AS tokens FROM terms").get();
    this.#database.exec("DROP TABLE temp.terms");
    return String(row?.["tokens"] ?? "");
  }
}

/** The block of a token, and what its bits in it are counted from. */
interface Place {
  readonly block: number;
  readonly start: number;
  readonly step: number;
}

function placeOf(tokens: string, at: number): Place {
  let a = 0x811c9dc5;
  let b = 0x2545f491;
  for (let index = at; index < at + TOKEN_LENGTH; index++) {
    const unit = tokens.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x85ebca6b);
  }
  a ^= a >>> 15;
  b ^= b >>> 13;
  return { block: a & (BLOCKS - 1), start: b >>> 0, step: (a >>> 10) | 1 };
}

function setBits(block: Uint8Array, { start, step }: Place): void {
  for (let count = 0; count < BITS_SET; count++) {
    const bit = (start + count * step) % (8 * block.length);
    block[bit >>> 3]! |= 1 << (bit & 7);
  }
}

function hasBits(block: Uint8Array, { start, step }: Place): boolean {
  for (let count = 0; count < BITS_SET; count++) {
    const bit = (start + count * step) % (8 * block.length);
    if ((block[bit >>> 3]! & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}
