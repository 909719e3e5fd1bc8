import type { DatabaseSync, StatementSync } from "node:sqlite";
import { partName } from "./schema.ts";
import { TOKEN_LENGTH } from "./words.ts";

// Which full parts cannot have a token, so that what is rare is not looked for in each of them.
// For each part a Bloom filter of its tokens, in blocks: all bits of a token lie in one block, and
// the blocks of one number of all parts lie side by side in the table, to be read at once.
// F. Putze, P. Sanders, J. Singler, "Cache-, Hash- and Space-Efficient Bloom Filters" (2007).

/** How many blocks a part's filter has; a power of two. */
const BLOCKS = 1024;
/**
 * 16 bits for each token of a part whose entries have an id and a parent: one in a thousand is
 * taken for another. Where texts have very many different words, more are, and only time is lost.
 */
const BLOCK_BYTES = 512;
const BITS_SET = 6;
/** How many tokens are read at once. */
const READ_TOKENS = 2 ** 16;

/** Says in which parts all of some tokens may be. Parts without a filter may have any. */
export class PartFilters {
  readonly #database: DatabaseSync;
  readonly #add: StatementSync;
  readonly #find: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#add = database.prepare("INSERT INTO filter VALUES (?, ?, ?)");
    this.#find = database.prepare(
      "SELECT part, bits FROM filter WHERE block = ? AND part BETWEEN ? AND ?",
    );
    this.#find.setReturnArrays(true);
  }

  /** Within a transaction: makes the filter of a part that is full. */
  make(part: number): void {
    const terms = `temp.terms_${part}`;
    this.#database.exec(
      `CREATE VIRTUAL TABLE ${terms} USING fts5vocab('main', '${partName(part)}', 'row')`,
    );
    const blocks = Array.from({ length: BLOCKS }, () => new Uint8Array(BLOCK_BYTES));
    for (const tokens of this.#read(terms)) {
      for (let at = 0; at < tokens.length; at += TOKEN_LENGTH) {
        const place = placeOf(tokens, at);
        setBits(blocks[place.block]!, place);
      }
    }
    this.#database.exec(`DROP TABLE ${terms}`);
    for (const [block, bits] of blocks.entries()) this.#add.run(block, part, bits);
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

  /** All tokens, many in one text: a row for each would take most of the time. */
  *#read(terms: string): Generator<string, void, undefined> {
    const some = this.#database.prepare(
      `SELECT group_concat(term, '') AS tokens FROM
       (SELECT term FROM ${terms} WHERE term > ? ORDER BY term LIMIT ${READ_TOKENS})`,
    );
    let last = "";
    for (;;) {
      const tokens = some.get(last)?.["tokens"];
      if (typeof tokens !== "string" || tokens === "") return;
      yield tokens;
      last = tokens.slice(-TOKEN_LENGTH);
    }
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
