import { utf8 } from "../bytes.ts";
import { parseSize } from "../checkpoint.ts";
import type { Hash } from "../hash.ts";
import { checkJsonObject } from "../json.ts";
import { MAX_LEAF_BYTES, type Entry } from "../ledger.ts";

/** An entry's leaf in its only accepted form (spec/ledger.md section 3). */
export interface Leaf extends Omit<Entry, "event" | "hash"> {
  /** What is hashed, as UTF-8. */
  readonly text: string;
  /** The event as JSON text. */
  readonly event: string;
}

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
const FORM = new RegExp(`^{"seq":([0-9]+),"prev":"([0-9a-f]{64})","time":"(${TIME})","event":`);

/** Reads a leaf as strictly as a ledger is checked; undefined when it is none. */
export function parseLeaf(untrusted: string): Leaf | undefined {
  const [beginning = "", digits = "", prev = "", time = ""] = FORM.exec(untrusted) ?? [];
  const seq = parseSize(digits);
  // A lone surrogate has no UTF-8: another text would have the same hash.
  if (seq === undefined || !untrusted.isWellFormed()) return undefined;
  const bytes = utf8(untrusted);
  const end = bytes.length - 1;
  if (bytes.length > MAX_LEAF_BYTES || bytes[end] !== 0x7d) return undefined;
  if (checkJsonObject(bytes, beginning.length, end) !== -1) return undefined;
  const event = untrusted.slice(beginning.length, -1);
  return { text: untrusted, seq, prev: prev as Hash, time, event };
}
