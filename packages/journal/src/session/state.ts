import type { EventText } from "@stele/core/event";
import { ZERO_HASH, type Hash } from "@stele/core/hash";
import type { Primitives } from "@stele/core/key";
import { utf8 } from "@stele/core/bytes";
import { factsOfText, type Facts } from "./facts.ts";
import { Tally } from "./tally.ts";

/** An entry of a session: its place in the journal, and the session's head hash behind it. */
export interface Link {
  readonly seq: number;
  readonly hash: Hash;
  readonly time: string;
  readonly chain: Hash;
}

/** How many of a session's last links are kept in memory. */
export const LINKS_KEPT = 256;

/** The head hash behind an entry (spec/sessions.md section 3). */
function chainHash(primitives: Primitives, before: Hash, hash: Hash): Hash {
  return primitives.sha256(utf8(before + hash));
}

/** The state of a session: what was placed in the ledger, and what is on its way there. */
export class SessionState {
  readonly #primitives: Primitives;
  readonly placed: Tally = new Tally();
  /** With what waits for a place; the same object as `placed` when nothing does. */
  #counted: Tally = this.placed;
  readonly #waiting: { readonly source: EventText; readonly facts: Facts }[] = [];
  #links: Link[] = [];
  length = 0;
  head: Hash = ZERO_HASH;
  first: Link | undefined;
  last: Link | undefined;

  constructor(primitives: Primitives) {
    this.#primitives = primitives;
  }

  /** The sums, with what waits for a place. */
  get counted(): Tally {
    return this.#counted;
  }

  /** The last links, oldest first: at most `count`, or those that are kept. */
  links(count: number = LINKS_KEPT): readonly Link[] {
    return this.#links.slice(-Math.min(count, LINKS_KEPT));
  }

  /** Counts an entry that has its place. */
  place(
    facts: Facts,
    { seq, hash, time }: { readonly seq: number; readonly hash: Hash; readonly time: string },
    source?: EventText,
  ): void {
    this.head = chainHash(this.#primitives, this.head, hash);
    const link = { seq, hash, time, chain: this.head };
    this.first ??= link;
    this.last = link;
    this.length++;
    this.#links.push(link);
    if (this.#links.length >= 2 * LINKS_KEPT) this.#links = this.#links.slice(-LINKS_KEPT);
    this.placed.add(facts);
    if (this.#counted === this.placed) return;
    if (!this.#take(source)) this.#counted.add(facts);
    if (this.#waiting.length === 0) this.#counted = this.placed;
  }

  /** Counts what will have its place later. */
  wait(source: EventText): void {
    const facts = factsOfText(source);
    if (this.#counted === this.placed) this.#counted = this.placed.clone();
    this.#waiting.push({ source, facts });
    this.#counted.add(facts);
  }

  /** Takes back what waited and was refused. */
  refuse(source: EventText): void {
    if (!this.#take(source)) return;
    this.#counted = this.#waiting.length === 0 ? this.placed : this.placed.clone();
    for (const { facts } of this.#waiting) this.#counted.add(facts);
  }

  #take(source: EventText | undefined): boolean {
    const place = this.#waiting.findIndex((waiting) => waiting.source === source);
    if (place >= 0) this.#waiting.splice(place, 1);
    return place >= 0;
  }
}
