import { rootBase64, type Checkpoint } from "@stele/core/checkpoint";
import { START as SEGMENT_START, startsAt } from "@stele/core/checker";
import { EMPTY_ROOT, type Hash } from "@stele/core/hash";
import { sameKey, type VerifierKey } from "@stele/core/key";
import type { Finding, Verdict } from "@stele/core/verdict";
import { judge, type Head, type KeyHistory, type SegmentReport } from "@stele/store/reading";
import type { CheckedSegment } from "./verify-segments.ts";

/** What the journal is held against. */
export interface Evidence {
  readonly head: Head | "missing" | "torn";
  readonly checkpoint: Checkpoint | undefined;
  /** The keys that seal the segments, as entries name them; none of it is checked yet. */
  readonly history: KeyHistory;
  readonly pinned: VerifierKey | undefined;
}

/** How far the journal was followed, and what ended that. */
interface Progress {
  readonly size: number;
  readonly root: Hash;
  readonly prev: Hash;
  readonly frontier: readonly Hash[];
  readonly sealedAt: string | null;
  readonly unsealed: Verdict["unsealed"];
  readonly contents: Verdict["contents"];
  readonly rootAtCheckpoint: Hash | undefined;
  readonly finding: Finding | undefined;
  /** The keys so far, as checked entries name them; the last one seals what follows. */
  readonly keys: readonly VerifierKey[];
}

const START: Omit<Progress, "keys"> = {
  size: 0,
  root: EMPTY_ROOT,
  prev: SEGMENT_START.prev,
  frontier: SEGMENT_START.frontier,
  sealedAt: null,
  unsealed: { entries: 0, bytes: 0 },
  contents: { checked: 0, absent: 0 },
  rootAtCheckpoint: undefined,
  finding: undefined,
};

/**
 * Joins the segments' reports, in order, into the verdict: each must start where the one before it
 * ends.
 */
export async function reachVerdict(
  segments: AsyncIterable<CheckedSegment>,
  count: number,
  evidence: Evidence,
): Promise<Verdict> {
  const start: Progress = { ...START, keys: [evidence.history.epochs[0]!.key] };
  let progress = start;
  let index = 0;
  for await (const checked of segments) {
    index++;
    progress = advance(progress, checked, { evidence, last: index === count });
    if (progress.finding) break;
  }
  if (count === 0) progress = found(start, tampered(0, "there is no segment in the ledger"));
  return toVerdict(holdAgainstCheckpoint(progress, evidence.checkpoint), evidence);
}

function advance(
  before: Progress,
  checked: CheckedSegment,
  context: { readonly evidence: Evidence; readonly last: boolean },
): Progress {
  if ("finding" in checked) return found(before, checked.finding);
  const { report, contents, key } = checked;
  const gap = findGap(before, report) ?? findOtherKey(before, report, key);
  if (gap) return found(before, gap);
  const { end, roots, sizeBytes } = report;
  const { checkpoint, head } = context.evidence;
  const after = {
    size: end.sealedSize,
    root: end.sealedRoot,
    prev: end.prev,
    frontier: end.frontier,
    sealedAt: end.sealedAt ?? before.sealedAt,
    unsealed: { entries: end.unsealedEntries, bytes: sizeBytes - end.sealedBytes },
    contents: {
      checked: before.contents.checked + contents.checked,
      absent: before.contents.absent + contents.absent,
    },
    rootAtCheckpoint: before.rootAtCheckpoint ?? (checkpoint && roots.get(checkpoint.size)),
    finding: undefined,
    keys: end.nextKey ? [...before.keys, end.nextKey] : before.keys,
  };
  const finding = context.last ? judge(report, head).finding : findUnsealed(report);
  return { ...after, finding: earlier(contents.finding, finding) };
}

function earlier(left: Finding | undefined, right: Finding | undefined): Finding | undefined {
  if (!left || !right) return left ?? right;
  return left.seq <= right.seq ? left : right;
}

function found(progress: Progress, finding: Finding): Progress {
  return { ...progress, finding };
}

function findGap(before: Progress, { header }: SegmentReport): Finding | undefined {
  if (header.first > before.size) {
    const reason = `entries ${before.size} to ${header.first - 1} are missing with their segment`;
    return tampered(before.size, reason);
  }
  if (startsAt(header, { ...before, sealedSize: before.size })) return undefined;
  return tampered(header.first, "the segment does not continue the one before");
}

/** Each segment is sealed by the key that the entries before it name, and none comes twice. */
function findOtherKey(
  before: Progress,
  { header, end }: SegmentReport,
  key: VerifierKey,
): Finding | undefined {
  if (!sameKey(key, before.keys.at(-1)!)) {
    return tampered(header.first, "the segment is not sealed by the key that is due");
  }
  const { nextKey } = end;
  if (!nextKey || !before.keys.some((used) => sameKey(used, nextKey))) return undefined;
  return tampered(end.sealedSize - 1, "the entry names a next key that was used before");
}

/** A closed segment ends with a seal: nothing may follow it there. */
function findUnsealed({ tail, end }: SegmentReport): Finding | undefined {
  if (tail.finding) return tail.finding;
  if (tail.kind === "none") return undefined;
  return tampered(end.sealedSize, "a segment that is not the last does not end with a seal");
}

function holdAgainstCheckpoint(progress: Progress, checkpoint: Checkpoint | undefined): Progress {
  if (!checkpoint || progress.finding) return progress;
  if (checkpoint.size > progress.size) {
    const reason = `the checkpoint is of ${checkpoint.size} entries, ${progress.size} are left`;
    return found(progress, { verdict: "truncated", seq: progress.size, reason });
  }
  const rootThen = checkpoint.size === 0 ? EMPTY_ROOT : progress.rootAtCheckpoint;
  if (rootThen === checkpoint.root) return progress;
  const reason = `the checkpoint was signed for other entries than the first ${checkpoint.size}`;
  return found(progress, { verdict: "forked", seq: 0, reason });
}

function toVerdict(progress: Progress, { pinned, checkpoint }: Evidence): Verdict {
  const { finding, size, root, sealedAt, unsealed, contents } = progress;
  return {
    verdict: finding?.verdict ?? "intact",
    size,
    root: rootBase64(root),
    firstBad: finding ? { seq: finding.seq, reason: finding.reason } : null,
    unsealed,
    contents,
    assurance: {
      key: pinned ? "pinned" : "self",
      freshness: checkpoint ? "checkpoint" : "none",
      sealedAt,
    },
    cannotRuleOut: cannotRuleOut(pinned, checkpoint),
  };
}

function cannotRuleOut(pinned: VerifierKey | undefined, checkpoint: Checkpoint | undefined): readonly string[] {
  const which = checkpoint ? `entries from ${checkpoint.size} on` : "entries";
  return [
    ...(pinned ? [] : ["that the whole journal was replaced: its key was taken from itself"]),
    `that ${which} were removed from the end with all their traces`,
    `that a holder of the signing key rewrote ${which}`,
    "that something was never recorded, or recorded wrongly by its writer",
  ];
}

function tampered(seq: number, reason: string): Finding {
  return { verdict: "tampered", seq, reason };
}
