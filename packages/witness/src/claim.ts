import { parseAddCheckpoint } from "@stele/core/add-checkpoint";
import { utf8 } from "@stele/core/bytes";
import { formatCheckpoint, parseCheckpoint, type Checkpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import { EMPTY_ROOT, type Hash } from "@stele/core/hash";
import type { Primitives } from "@stele/core/key";
import { parseNote, type Note } from "@stele/core/note";
import { checkConsistency } from "@stele/core/proof";
import { refuse, SIZE_TYPE, type Answer } from "./answer.ts";
import type { WatchedLogs } from "./log-list.ts";
import { signaturesOf } from "./log-signatures.ts";

/** A checkpoint that its log signed, and what is said of how it grew. */
export interface Claim {
  readonly checkpoint: Checkpoint;
  /** The log's signature lines. */
  readonly signatures: readonly string[];
  readonly oldSize: number;
  readonly proof: readonly Hash[];
}

/**
 * What a request claims, as far as it can be judged by itself (spec/witness.md section 3, rows 1 to
 * 6), or the refusal. At most a verification for each key of the log and each signature by it.
 */
export function readClaim(
  primitives: Primitives,
  logs: WatchedLogs,
  untrusted: Uint8Array,
): Claim | Answer {
  const request = orRefusal(400, () => {
    const { checkpoint: text, ...rest } = parseAddCheckpoint(untrusted);
    return { ...rest, note: parseNote(utf8(text)) };
  });
  if ("status" in request) return request;
  const { note, oldSize, proof } = request;
  const signatures = signaturesByLog(primitives, logs, note);
  if ("status" in signatures) return signatures;
  const checkpoint = orRefusal(400, () => parseCheckpoint(note.text));
  if ("status" in checkpoint) return checkpoint;
  const { size, root } = checkpoint;
  if (oldSize > size) return refuse(400, `the old size ${oldSize} is above the size ${size}`);
  if (size === 0 && root !== EMPTY_ROOT) return refuse(422, "the root is not that of no entries");
  return { checkpoint, signatures, oldSize, proof };
}

function signaturesByLog(
  primitives: Primitives,
  logs: WatchedLogs,
  note: Note,
): readonly string[] | Answer {
  const [origin = ""] = note.text.split("\n", 1);
  const keys = logs.get(origin);
  if (!keys) return refuse(404, "unknown log: no key is known for this origin");
  const signatures = signaturesOf(primitives, note, keys);
  return signatures ?? refuse(403, "invalid signature: none, or a wrong one, by a known key");
}

/** What is to be done about a claim. */
export type Decision = "grow" | "repeat" | Answer;

/**
 * Decides on a claim, given the newest checkpoint of the log that was signed (spec/witness.md
 * section 3, rows 7 to 9).
 */
export function decide(
  primitives: Primitives,
  { checkpoint, oldSize, proof }: Claim,
  kept: Checkpoint | undefined,
): Decision {
  const { size, root } = checkpoint;
  const keptSize = kept?.size ?? 0;
  if (oldSize !== keptSize) {
    return { status: 409, body: `${keptSize}\n`, headers: { "content-type": SIZE_TYPE } };
  }
  if (kept && size === keptSize && root !== kept.root) {
    return refuse(422, "another root at the same size was signed before: a split view");
  }
  const isProven =
    oldSize === 0 || size === oldSize
      ? proof.length === 0
      : checkConsistency(primitives, { oldSize, size, oldRoot: kept!.root, root }, proof);
  if (!isProven) return refuse(422, "the consistency proof does not hold");
  return kept && size === keptSize ? "repeat" : "grow";
}

/** Whether the log signed two trees of one size, of which at most one can be true. */
export function isSplitView(checkpoint: Checkpoint, kept: Checkpoint | undefined): boolean {
  return kept?.size === checkpoint.size && kept.root !== checkpoint.root;
}

/** The log's own signed note of a claim. */
export function noteOf({ checkpoint, signatures }: Claim): string {
  return `${formatCheckpoint(checkpoint)}\n${signatures.join("")}`;
}

function orRefusal<T extends object>(status: number, read: () => T): T | Answer {
  try {
    return read();
  } catch (error) {
    if (error instanceof SteleError) return refuse(status, error.message);
    throw error;
  }
}
