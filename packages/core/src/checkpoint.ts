import { fromBase64, toBase64 } from "./base64.ts";
import { fromHex, toHex } from "./bytes.ts";
import { SteleError } from "./error.ts";
import type { Hash } from "./hash.ts";

/** The state of a journal's tree (C2SP tlog-checkpoint, without extension lines). */
export interface Checkpoint {
  readonly origin: string;
  /** How many leaves the tree has. */
  readonly size: number;
  readonly root: Hash;
}

/** The note text that is signed: exactly three lines. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${rootBase64(checkpoint.root)}\n`;
}

/** The root as checkpoints and verdicts print it. */
export function rootBase64(root: Hash): string {
  return toBase64(fromHex(root)!);
}

/**
 * Reads a checkpoint's text strictly; extension lines are refused, as ours never have any. Throws
 * CHECKPOINT_MALFORMED.
 */
export function parseCheckpoint(untrusted: string): Checkpoint {
  const lines = untrusted.split("\n");
  const [origin = "", size = "", root = "", end] = lines;
  const rootBytes = fromBase64(root);
  const numeric = parseSize(size);
  if (lines.length !== 4 || end !== "" || origin === "" || numeric === undefined) {
    throw new SteleError("CHECKPOINT_MALFORMED", "not a checkpoint: want origin, size, root");
  }
  if (rootBytes?.length !== 32) {
    throw new SteleError("CHECKPOINT_MALFORMED", "not a checkpoint: the root is not 32 bytes");
  }
  return { origin, size: numeric, root: toHex(rootBytes) as Hash };
}

/** A decimal without sign or leading zeros, up to 2^53 - 1; undefined for anything else. */
export function parseSize(untrusted: string): number | undefined {
  const value = /^(0|[1-9][0-9]{0,15})$/.test(untrusted) ? Number(untrusted) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
