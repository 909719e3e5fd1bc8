import type { Primitives } from "@stele/core/key";
import type { Report } from "./report.ts";
import type { Segment } from "./segments.ts";

/** What checking needs of the world, and the keys that the caller has. */
export interface CheckContext {
  readonly primitives: Pick<Primitives, "sha256" | "hmacSha256" | "verify">;
  /** The secret of a keyed format (calybris, hoosh). */
  readonly key?: Uint8Array | undefined;
  /** 32 bytes: who signed (symbi). Otherwise the file's own statement is taken. */
  readonly publicKey?: Uint8Array | undefined;
  /** What `readMember` found under the format's `keyMember`, if the file was read before. */
  readonly statedKey?: string | undefined;
  /** Whether `take` gives the entries, for a take-over. */
  readonly keepEntries?: boolean | undefined;
  /** The files that the bytes come from, one after the other, if they are several (stemedb). */
  readonly segments?: readonly Segment[] | undefined;
}

/** One record as it stands in the file. */
export interface OriginEntry {
  readonly index: number;
  readonly offsetBytes: number;
  /** A copy of exactly the record's bytes. */
  readonly bytes: Uint8Array;
  /** The record's own hash, as the file states it or as the format computes it. */
  readonly hash: string;
  /** What is wrong with it, if anything is. */
  readonly problem: string | null;
}

/** What an entry becomes in a Stele journal, before its origin is added. */
export interface MappedEvent {
  readonly type: string;
  readonly agent?: string;
  readonly session?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One pass over one file; fed in order, ended once. Memory does not grow with the file. */
export interface Scan {
  /** Throws IMPORT_WRONG_FORMAT and IMPORT_TOO_LARGE. */
  write(chunk: Uint8Array): void;
  /** No more bytes come: `take` gives what is left, until it gives none. */
  flush?(): void;
  /** Throws IMPORT_WRONG_FORMAT. */
  end(): Report;
  /** Entries that were read since the last call, if the context asks to keep them. */
  take(): readonly OriginEntry[];
}

/** How one other system writes its journal. */
export interface Format {
  readonly name: string;
  /** Beside its entries, and perhaps behind them, a file names the key to check them under this. */
  readonly keyMember?: string;
  /** Why a file that begins so is of this format; undefined when it is not. */
  recognise(untrustedBeginning: Uint8Array): string | undefined | Promise<string | undefined>;
  /** How many bytes of a file that begins so are enough to recognise it, if that is more. */
  neededBytes?(untrustedBeginning: Uint8Array, sizeBytes: number): number;
  scan(context: CheckContext): Scan | Promise<Scan>;
  /** The record type and data of an entry that `scan` gave. `stated`: as an earlier report has it. */
  map(entry: OriginEntry, stated?: Report["stated"]): MappedEvent;
}

/** The longest record of a text format: more is refused before it fills the memory. */
export const MAX_RECORD_BYTES: number = 64 * 1024 * 1024;
