import type { Exchange } from "./exchanges.ts";
import type { Id } from "./id.ts";
import type { Members } from "./message.ts";

/** The bytes that go beside an event, by field name. */
export type Contents = Record<string, { readonly bytes: Uint8Array; readonly mediaType: string }>;

/** An event to record, and what hangs on it. */
export interface Entry {
  readonly event: {
    readonly type: string;
    readonly id: string;
    readonly parent?: string;
    readonly data: { readonly [member: string]: unknown };
  };
  readonly content?: Contents;
  /** The line that the entry is about passes only once the entry is on disk. */
  readonly gates: boolean;
  /** The client's request that the entry is about. */
  readonly request?: { readonly id: Id; readonly exchange: Exchange };
}

/** The exact bytes of those named members that are there, as contents under the same names. */
export function jsonContents(line: Buffer, members: Members, names: readonly string[]): Contents {
  const found = names.flatMap((name) => {
    const range = members.get(name);
    if (!range) return [];
    const bytes = line.subarray(range.start, range.end);
    return [[name, { bytes, mediaType: "application/json" }] as const];
  });
  return Object.fromEntries(found);
}
