import type { Primitives, SigningKey } from "@stele/core/key";
import { readLossless, type Lossless } from "../lossless-json.ts";

/** What writing needs of the world, and the keys that the caller has. */
export interface WriteContext {
  readonly primitives: Pick<Primitives, "sha256" | "hmacSha256" | "sign" | "verify" | "publicKey">;
  /** The secret of a keyed format (calybris, hoosh). */
  readonly key?: Uint8Array | undefined;
  /** Who signs reviews (symbi): an Ed25519 key. */
  readonly signingKey?: SigningKey | undefined;
  /** 32 bytes: who signed the reviews that are written as they were, to be stated in the file. */
  readonly publicKey?: Uint8Array | undefined;
  /** chio: hash every text behind its length, as 0.1.2 does. Otherwise as what is there. */
  readonly lengths?: boolean | undefined;
}

/** A record that came from a file of the same format. */
export interface TakenRecord {
  readonly seq: number;
  /** Its own bytes, as text. */
  readonly text: string;
  /** Whether nothing was wrong with it when it was taken over. */
  readonly wasRight: boolean;
}

/** An entry of Stele's own that becomes a record. */
export interface NativeEntry {
  readonly seq: number;
  readonly time: string;
  readonly hash: string;
  /** The event as it stands in the ledger. */
  readonly event: Lossless;
}

/** A record's text: as it was, or chained, hashed or signed anew. */
export interface WrittenRecord {
  readonly text: string;
  readonly isAsItWas: boolean;
}

/** Writes one file of a format, record after record. */
export interface RecordWriter {
  /** What the file begins with, and what stands in front of its first record, if it has one. */
  readonly begin: string;
  readonly first: string;
  readonly between: string;
  /** What the file ends with. */
  end(): string;
  /** Undefined when the record was wrong in its file already. Throws KEY_MISSING. */
  takenOver(record: TakenRecord): WrittenRecord | undefined;
  /** Throws KEY_MISSING, EXPORT_IMPOSSIBLE. */
  made(entry: NativeEntry): string;
  /** The session of the record that comes next. Throws OPTION_INVALID when the file has another. */
  session?(session: string | undefined): void;
  /** What the file that was taken over states beside its records. */
  stated?(members: Readonly<Record<string, unknown>>): void;
  /** What the reader of the file should know. */
  notes?(): readonly string[];
}

/** The text with these members replaced, which stay in their places. */
export function withMembers(node: Lossless, replaced: Readonly<Record<string, string>>): string {
  const members = node.kind === "object" ? [...node.members] : [];
  const texts = members.map(
    ([name, value]) => `${JSON.stringify(name)}:${replaced[name] ?? value.text}`,
  );
  return `{${texts.join(",")}}`;
}

/** The value of a JSON text that may be anything; undefined when it is none. */
export function readOr(untrusted: string): Lossless | undefined {
  try {
    return readLossless(untrusted);
  } catch {
    return undefined;
  }
}
