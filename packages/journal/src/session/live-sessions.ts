import type { EventText } from "@stele/core/event";
import type { Entry } from "@stele/core/ledger";
import { despitePruning } from "../despite-pruning.ts";
import { Session, type SessionJournal } from "./session.ts";

/**
 * The sessions that are open in a journal. One that nobody holds is forgotten, and added up anew
 * when it is asked for again.
 */
export class LiveSessions {
  readonly #journal: SessionJournal;
  readonly #placedSize: () => number;
  readonly #open = new Map<string, WeakRef<Session>>();
  readonly #opening = new Map<string, Promise<Session>>();
  /** Appends that wait for their place, or for their signature, of all sessions. */
  readonly #waiting: EventText[] = [];
  readonly #forgotten = new FinalizationRegistry<string>((id) => {
    if (!this.#open.get(id)?.deref()) this.#open.delete(id);
  });

  constructor(journal: SessionJournal, placedSize: () => number) {
    this.#journal = journal;
    this.#placedSize = placedSize;
  }

  /** The session of the id: always the same one while somebody holds it. */
  open(id: string): Promise<Session> {
    const known = this.#opening.get(id) ?? this.#open.get(id)?.deref();
    if (known) return Promise.resolve(known);
    const opening = despitePruning(
      () => this.#journal.first(),
      () => this.#start(id),
    ).finally(() => this.#opening.delete(id));
    this.#opening.set(id, opening);
    return opening;
  }

  /** Counts an entry that was just given its place. */
  notePlaced(source: EventText, place: Pick<Entry, "seq" | "hash" | "time">): void {
    if (source.session === undefined) return;
    this.#take(source);
    this.#find(source.session)?.notePlaced(source, place);
  }

  /** Counts an append that waits for room, until it has its place or is refused. */
  noteWaiting(source: EventText, receipt: Promise<unknown>): void {
    if (source.session === undefined) return;
    const { session } = source;
    this.#waiting.push(source);
    this.#find(session)?.noteWaiting(source);
    receipt.catch(() => {
      if (this.#take(source)) this.#find(session)?.noteRefused(source);
    });
  }

  /** Counts an event that is being signed, until `endSigning`. */
  noteSigning(source: EventText): void {
    if (source.session === undefined) return;
    this.#waiting.push(source);
    this.#find(source.session)?.noteSigning(source);
  }

  /** It is about to be appended, or could not be signed. */
  endSigning(source: EventText): void {
    if (this.#take(source)) this.#find(source.session!)?.noteRefused(source);
  }

  async #start(id: string): Promise<Session> {
    const session = new Session(id, this.#journal);
    const upTo = this.#placedSize();
    for (const source of this.#waiting) if (source.session === id) session.noteWaiting(source);
    this.#open.set(id, new WeakRef(session));
    this.#forgotten.register(session, id);
    try {
      await session.restore(upTo);
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
    return session;
  }

  #find(id: string): Session | undefined {
    return this.#open.size === 0 ? undefined : this.#open.get(id)?.deref();
  }

  #take(source: EventText): boolean {
    const place = this.#waiting.length === 0 ? -1 : this.#waiting.indexOf(source);
    if (place >= 0) this.#waiting.splice(place, 1);
    return place >= 0;
  }
}
