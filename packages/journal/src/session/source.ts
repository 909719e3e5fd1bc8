import type { Entry } from "@stele/core/ledger";
import type { Primitives } from "@stele/core/key";

/** Where a session's entries come from. All that is given was read from the ledger and checked. */
export interface SessionSource {
  readonly primitives: Primitives;
  /** How many entries are sealed. A writer's resolves when all that was placed is. */
  sealed(): Promise<number>;
  /** The `seq` of the first entry that is kept. */
  first(): Promise<number>;
  get(seq: number): Promise<Entry>;
  /** The session's entries below a size, in order: by the index, where there is one. */
  entries(session: string, upTo: number): AsyncIterable<Entry>;
  /** The same by the ledger alone: reads all of it. */
  scan(session: string, upTo: number): AsyncIterable<Entry>;
}

/** The entries of a session among all those of a range. */
export async function* ofSession(
  entries: AsyncIterable<Entry>,
  session: string,
): AsyncGenerator<Entry, void, undefined> {
  for await (const entry of entries) if (entry.event.session === session) yield entry;
}
