import type { DatabaseSync, StatementSync } from "node:sqlite";

/** How many words are kept in memory. */
const MAX_CACHED = 50_000;

/** The names by which entries are counted, each with a small number that rows refer to. */
export class WordsTable {
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #text: StatementSync;
  readonly #ids = new Map<string, number>();

  constructor(database: DatabaseSync) {
    this.#find = database.prepare("SELECT id FROM word WHERE text = ?");
    this.#add = database.prepare("INSERT INTO word (text) VALUES (?)");
    this.#text = database.prepare("SELECT text FROM word WHERE id = ?");
  }

  /** The word's number, given to it now if it has none. */
  number(text: string): number {
    return this.find(text) ?? this.#keep(text, Number(this.#add.run(text).lastInsertRowid));
  }

  /** The word's number; undefined when no entry has it. */
  find(text: string): number | undefined {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const row = this.#find.get(text);
    return row === undefined ? undefined : this.#keep(text, Number(row["id"]));
  }

  /** The word of this number. */
  text(id: number): string {
    return String(this.#text.get(id)?.["text"]);
  }

  /** After a transaction that was undone, numbers may be others'. */
  forget(): void {
    this.#ids.clear();
  }

  #keep(text: string, id: number): number {
    if (this.#ids.size >= MAX_CACHED) this.#ids.clear();
    this.#ids.set(text, id);
    return id;
  }
}
