import { fromBase64, toBase64 } from "./base64.ts";
import { decodeUtf8, fromHex, toHex } from "./bytes.ts";
import { parseSize } from "./checkpoint.ts";
import { SteleError } from "./error.ts";
import type { Hash } from "./hash.ts";

/**
 * What a witness is asked (C2SP tlog-witness, add-checkpoint), parsed but not checked: that a
 * checkpoint extends an older one.
 */
export interface AddCheckpoint {
  /** The size of the older one; 0 when there is none. */
  readonly oldSize: number;
  /** The consistency proof between the two sizes. */
  readonly proof: readonly Hash[];
  /** The log's signed note, as it was published. */
  readonly checkpoint: string;
}

/** Larger requests are refused before they are looked at. */
export const MAX_ADD_CHECKPOINT_BYTES = 16_384;
/** More hashes than this are refused. */
export const MAX_ADD_CHECKPOINT_HASHES = 63;

/** The body of the request. */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  const lines = [`old ${oldSize}`, ...proof.map((hash) => toBase64(fromHex(hash)!))];
  return `${lines.join("\n")}\n\n${checkpoint}`;
}

/**
 * Reads the body of a request strictly: what it accepts, `formatAddCheckpoint` writes byte for
 * byte. The checkpoint is only cut off, for `parseNote`. Throws PROOF_MALFORMED. Verifies nothing.
 */
export function parseAddCheckpoint(untrusted: Uint8Array): AddCheckpoint {
  if (untrusted.length > MAX_ADD_CHECKPOINT_BYTES) {
    throw malformed(`larger than ${MAX_ADD_CHECKPOINT_BYTES} bytes`);
  }
  const whole = decodeUtf8(untrusted);
  if (whole === undefined) throw malformed("not UTF-8");
  const end = whole.indexOf("\n\n");
  const checkpoint = whole.slice(end + 2);
  if (end < 0 || checkpoint === "") throw malformed("no empty line before a checkpoint");
  const [first = "", ...lines] = whole.slice(0, end).split("\n");
  const oldSize = first.startsWith("old ") ? parseSize(first.slice("old ".length)) : undefined;
  if (oldSize === undefined) throw malformed("it does not begin with the old size");
  if (lines.length > MAX_ADD_CHECKPOINT_HASHES) throw malformed("too many hashes");
  return { oldSize, proof: lines.map(parseHash), checkpoint };
}

function parseHash(line: string): Hash {
  const bytes = fromBase64(line);
  if (bytes?.length !== 32) throw malformed("a line of the proof is not a hash of 32 bytes");
  return toHex(bytes) as Hash;
}

function malformed(reason: string): SteleError {
  return new SteleError("PROOF_MALFORMED", `not an add-checkpoint request: ${reason}`);
}
