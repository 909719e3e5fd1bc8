import { fromBase64, toBase64 } from "./base64.ts";
import { decodeUtf8, fromHex, toHex } from "./bytes.ts";
import { parseSize } from "./checkpoint.ts";
import { SteleError } from "./error.ts";
import type { Hash } from "./hash.ts";

/** A C2SP tlog-proof, parsed but not checked: that a leaf is in a log, for checking offline. */
export interface TlogProof {
  /** 0-based. */
  readonly index: number;
  /** The inclusion proof, the leaf's sibling first. */
  readonly hashes: readonly Hash[];
  /** The application's own bytes, empty when there are none. Nothing authenticates them. */
  readonly extra: Uint8Array;
  /** The log's signed note, as it was published. */
  readonly checkpoint: string;
}

/** Larger files are refused before they are looked at. */
export const MAX_TLOG_PROOF_BYTES = 2_000_000;
/** More hashes than this are refused. */
export const MAX_TLOG_PROOF_HASHES = 63;

/** The first line of such a file. */
export const TLOG_PROOF_FIRST_LINE = "c2sp.org/tlog-proof@v1";

/** The text of a `.tlog-proof` file. */
export function formatTlogProof(proof: TlogProof): string {
  const { index, hashes, extra, checkpoint } = proof;
  const lines = [
    TLOG_PROOF_FIRST_LINE,
    ...(extra.length === 0 ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...hashes.map((hash) => toBase64(fromHex(hash)!)),
  ];
  return `${lines.join("\n")}\n\n${checkpoint}`;
}

/**
 * Reads a `.tlog-proof` file strictly: what it accepts, `formatTlogProof` writes byte for byte.
 * The checkpoint is only cut off, for `parseNote`. Throws PROOF_MALFORMED. Verifies nothing.
 */
export function parseTlogProof(untrusted: Uint8Array): TlogProof {
  if (untrusted.length > MAX_TLOG_PROOF_BYTES) {
    throw malformed(`larger than ${MAX_TLOG_PROOF_BYTES} bytes`);
  }
  const whole = decodeUtf8(untrusted);
  if (whole === undefined) throw malformed("not UTF-8");
  const end = whole.indexOf("\n\n");
  const checkpoint = whole.slice(end + 2);
  if (end < 0 || checkpoint === "") throw malformed("no blank line before a checkpoint");
  const [first, ...lines] = whole.slice(0, end).split("\n");
  if (first !== TLOG_PROOF_FIRST_LINE)
    throw malformed(`does not begin with ${TLOG_PROOF_FIRST_LINE}`);
  const extra = lines[0]?.startsWith("extra ") ? parseExtra(lines.shift()!) : new Uint8Array();
  const index = parseIndex(lines.shift() ?? "");
  if (lines.length > MAX_TLOG_PROOF_HASHES) throw malformed("too many hashes");
  return { index, hashes: lines.map(parseHash), extra, checkpoint };
}

function parseExtra(line: string): Uint8Array {
  const bytes = fromBase64(line.slice("extra ".length));
  if (!bytes || bytes.length === 0) throw malformed("bad extra line");
  return bytes;
}

function parseIndex(line: string): number {
  const index = line.startsWith("index ") ? parseSize(line.slice("index ".length)) : undefined;
  if (index === undefined) throw malformed("no index where one is due");
  return index;
}

function parseHash(line: string): Hash {
  const bytes = fromBase64(line);
  if (bytes?.length !== 32) throw malformed("a line of the proof is not a hash of 32 bytes");
  return toHex(bytes) as Hash;
}

function malformed(reason: string): SteleError {
  return new SteleError("PROOF_MALFORMED", `not a tlog-proof: ${reason}`);
}
