import { rootBase64 } from "@stele/core/checkpoint";
import type { PlacedAgentChange } from "@stele/core/agent-event";
import { START as SEGMENT_START, startsAt } from "@stele/core/checker";
import { Erasures } from "@stele/core/erasure";
import { EMPTY_ROOT, type Hash } from "@stele/core/hash";
import { sameKey, type Primitives, type VerifierKey } from "@stele/core/key";
import type { SegmentHeader } from "@stele/core/ledger";
import type { PrunedRecord } from "@stele/core/pruned-event";
import type { Finding, Verdict } from "@stele/core/verdict";
import type { ErasedContents } from "@stele/store/contents";
import { judge, type Head, type KeyHistory } from "@stele/store/reading";
import { cannotRuleOut } from "./cannot-rule-out.ts";
import {
  agentsOfPast,
  holdAgentsAgainst,
  holdPastAgainst,
  notPruned,
  prunedOf,
  recordOf,
  type PrunedPast,
} from "./pruned-past.ts";
import { bearsOutKey, findAnchored, holdAgainst, type Checkpoints } from "./held-against.ts";
import type { CheckedReport, CheckedSegment } from "./verify-segments.ts";

/** What the journal is held against. */
export interface Evidence {
  readonly head: Head | "missing" | "torn";
  readonly checkpoints: Checkpoints;
  readonly primitives: Primitives;
  /** The keys that seal the segments, as entries name them; none of it is checked yet. */
  readonly history: KeyHistory;
  readonly pinned: VerifierKey | undefined;
  /** What is left of entries that were dropped; undefined when none were. */
  readonly past: PrunedPast | undefined;
  /** How many contents are there that the erasures say are not. */
  readonly countUnerased: (erasures: Erasures) => Promise<number>;
  /** Adds what entries from this one on say was erased, which came during the check. */
  readonly addErasures: (from: number, erasures: Erasures) => Promise<void>;
}

/** How far the journal was followed, and what ended that. */
interface Progress {
  readonly size: number;
  readonly root: Hash;
  readonly prev: Hash;
  readonly frontier: readonly Hash[];
  readonly sealedAt: string | null;
  readonly unsealed: Verdict["unsealed"];
  readonly contents: Omit<Verdict["contents"], "unerased">;
  /** What segments say was erased, and what entries do. */
  readonly erased: readonly ErasedContents[];
  readonly erasures: Erasures;
  /** Roots at the checkpoints' sizes. */
  readonly roots: ReadonlyMap<number, Hash>;
  readonly finding: Finding | undefined;
  /** The keys so far, as checked entries name them; the last one seals what follows. */
  readonly keys: readonly VerifierKey[];
  /** Whether a seal so far is by the pinned key. */
  readonly pinnedSealed: boolean;
  /** What entries so far say of segments that were dropped. */
  readonly pruned: readonly PrunedRecord[];
  /** The header of the first segment, when others came before it. */
  readonly begin: SegmentHeader | undefined;
  /** What is wrong with tiles that begin with pruned entries. */
  readonly acrossCut: Finding | undefined;
  readonly signatures: Verdict["signatures"];
  /** The changes of agents' keys so far, as checked entries state them. */
  readonly agents: readonly PlacedAgentChange[];
  /** The end of the first segment with an event whose signature is wrong, which is its finding. */
  readonly wronglySigned: Progress | undefined;
}

const START: Omit<Progress, "keys" | "erasures"> = {
  size: 0,
  root: EMPTY_ROOT,
  prev: SEGMENT_START.prev,
  frontier: SEGMENT_START.frontier,
  sealedAt: null,
  unsealed: { entries: 0, bytes: 0 },
  contents: { checked: 0, absent: 0, erased: 0 },
  erased: [],
  roots: new Map(),
  finding: undefined,
  pinnedSealed: false,
  pruned: [],
  begin: undefined,
  acrossCut: undefined,
  signatures: { checked: 0, unchecked: 0 },
  agents: [],
  wronglySigned: undefined,
};

/** A verdict, and which changes of agents' keys the entries state that it is about. */
export interface Reached {
  readonly verdict: Verdict;
  readonly agents: readonly PlacedAgentChange[];
}

/**
 * Joins the segments' reports, in order, into the verdict: each must start where the one before it
 * ends.
 */
export async function reachVerdict(
  segments: AsyncIterable<CheckedSegment>,
  count: number,
  evidence: Evidence,
): Promise<Reached> {
  const keys = [evidence.history.epochs[0]!.key];
  const start: Progress = { ...START, keys, erasures: new Erasures() };
  let progress = start;
  let index = 0;
  for await (const checked of segments) {
    index++;
    if (index === 1) progress = begin(progress, checked, evidence);
    if (progress.finding) break;
    progress = advance(progress, checked, { evidence, last: index === count });
    if (progress.finding) break;
  }
  if (count === 0) progress = found(start, tampered(0, "there is no segment in the ledger"));
  const { agents } = progress;
  progress = withSignatures(progress);
  progress = requireRecord(progress, start, evidence);
  progress = holdAgainstPast(progress, evidence);
  progress = await holdAgainstErasures(progress, evidence);
  progress = holdAgainstPinned(progress, evidence.pinned);
  progress = holdAgainstCheckpoints(progress, evidence);
  const { erasures } = progress;
  const unerased = progress.finding ? 0 : await evidence.countUnerased(erasures);
  return { verdict: toVerdict(progress, evidence, unerased), agents };
}

/**
 * What agents signed ends nothing while segments are joined: only when all changes of their keys
 * are known is it sure that a signature is wrong.
 */
function withSignatures(progress: Progress): Progress {
  const { finding, wronglySigned } = progress;
  return wronglySigned && earlier(finding, wronglySigned.finding) !== finding
    ? wronglySigned
    : progress;
}

/** Where a ledger begins whose first segments were dropped: where its first header says. */
function begin(start: Progress, checked: CheckedSegment, { past }: Evidence): Progress {
  if (!past) return start;
  const { keys, pinnedSealed, hashes } = past;
  if ("verdict" in keys) return found(start, keys);
  if ("verdict" in past.agents) return found(start, past.agents);
  if ("finding" in checked) return start;
  const { first, prev, frontier } = checked.report.header;
  const roots = "verdict" in hashes ? start.roots : hashes.roots;
  const { header } = checked.report;
  const known = { keys, pinnedSealed, agents: agentsOfPast(past) };
  return { ...start, size: first, prev, frontier, ...known, roots, begin: header };
}

/** The seals bear out the first segment's header, so what is kept of the past must lead there. */
function holdAgainstPast(progress: Progress, { past, history }: Evidence): Progress {
  const { begin: header, acrossCut } = progress;
  if (!past || past.isEvicted || !header || progress.finding) return progress;
  const record = recordOf(progress.pruned, past.first);
  const { unchecked } = progress.signatures;
  const agents = record && holdAgentsAgainst(past, record, unchecked);
  const finding = agents ?? holdPastAgainst(past, { header, history }) ?? acrossCut;
  return finding ? found(progress, finding) : progress;
}

/** A ledger begins behind entry 0 only because an entry in it says so. */
function requireRecord(progress: Progress, start: Progress, { past }: Evidence): Progress {
  if (!past || past.isEvicted || recordOf(progress.pruned, past.first)) return progress;
  // It may lie behind what was found; or there is not even a header to begin with.
  const isUnread = past.isAnnounced || progress.size < past.first;
  if (progress.finding && isUnread) return progress;
  return found(start, notPruned(progress.pruned, past.first));
}

function advance(
  before: Progress,
  checked: CheckedSegment,
  context: { readonly evidence: Evidence; readonly last: boolean },
): Progress {
  if ("finding" in checked) return found(before, checked.finding);
  const { report, contents, tiles, acrossCut, key } = checked;
  const { head, history, pinned } = context.evidence;
  const gap = findGap(before, report) ?? findOtherKey(before, { report, key, history });
  if (gap) return found(before, gap);
  const { end, roots, sizeBytes, erasures } = report;
  for (const [seq, erasure] of erasures) before.erasures.add(seq, erasure);
  const after: Progress = {
    size: end.sealedSize,
    root: end.sealedRoot,
    prev: end.prev,
    frontier: end.frontier,
    sealedAt: end.sealedAt ?? before.sealedAt,
    unsealed: { entries: end.unsealedEntries, bytes: sizeBytes - end.sealedBytes },
    contents: {
      checked: before.contents.checked + contents.checked,
      absent: before.contents.absent + contents.absent,
      erased: before.contents.erased + countErased(contents.erased),
    },
    erased: [...before.erased, ...contents.erased],
    erasures: before.erasures,
    roots: new Map([...before.roots, ...roots]),
    finding: undefined,
    keys: end.nextKey ? [...before.keys, end.nextKey] : before.keys,
    pinnedSealed: before.pinnedSealed || (end.hasOwnSeal && isSame(key, pinned)),
    pruned: [...before.pruned, ...report.pruned],
    begin: before.begin,
    acrossCut: before.acrossCut ?? acrossCut,
    ...joinSignatures(before, report),
  };
  const own = context.last ? judge(report, head).finding : findUnsealed(report);
  const finding = earlier(earlier(contents.finding, tiles), own);
  const wrong = report.signatures?.finding;
  const wronglySigned = before.wronglySigned ?? (wrong && found(after, wrong));
  return { ...after, finding, wronglySigned };
}

function joinSignatures(
  before: Progress,
  { signatures }: CheckedReport,
): Pick<Progress, "signatures" | "agents" | "wronglySigned"> {
  const { checked = 0, unchecked = 0, changes = [] } = signatures ?? {};
  return {
    signatures: {
      checked: before.signatures.checked + checked,
      unchecked: before.signatures.unchecked + unchecked,
    },
    agents: [...before.agents, ...changes],
    wronglySigned: before.wronglySigned,
  };
}

function countErased(erased: readonly ErasedContents[]): number {
  return erased.reduce((sum, { seqs }) => sum + seqs.length, 0);
}

/**
 * What is said to be erased must be so by the sealed entry that it names. Only where nothing else
 * was found: else that entry may be behind what could be followed.
 */
async function holdAgainstErasures(progress: Progress, evidence: Evidence): Promise<Progress> {
  if (progress.finding) return progress;
  const { size, erased, erasures } = progress;
  // A writer may have gone on, and erased what was being checked.
  if (erased.some(({ by }) => by >= size)) await evidence.addErasures(size, erasures);
  let finding: Finding | undefined;
  for (const { by, name, seqs } of progress.erased) {
    const seq = seqs.find((candidate) => !progress.erasures.isBy(by, candidate, name));
    if (seq === undefined) continue;
    const reason = `its content ${name} is missing, and entry ${by} does not say it was erased`;
    finding = earlier(finding, tampered(seq, reason));
  }
  return finding ? found(progress, finding) : progress;
}

function earlier(left: Finding | undefined, right: Finding | undefined): Finding | undefined {
  if (!left || !right) return left ?? right;
  return left.seq <= right.seq ? left : right;
}

function found(progress: Progress, finding: Finding): Progress {
  return { ...progress, finding };
}

function findGap(before: Progress, { header }: CheckedReport): Finding | undefined {
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
  checked: {
    readonly report: CheckedReport;
    readonly key: VerifierKey;
    readonly history: KeyHistory;
  },
): Finding | undefined {
  const { header, end, recoveryKey } = checked.report;
  const isDue = sameKey(checked.key, before.keys.at(-1)!);
  // The history was read before the segments were: entry 0 may be another one by now.
  const isNamed = end.sealedSize === 0 || isSame(recoveryKey, checked.history.recoveryKey);
  if (!isDue || !isNamed) {
    return tampered(header.first, "the segment is not sealed by the key that is due");
  }
  const { nextKey } = end;
  if (!nextKey || !before.keys.some((used) => sameKey(used, nextKey))) return undefined;
  return tampered(end.sealedSize - 1, "the entry names a next key that was used before");
}

function isSame(left: VerifierKey | undefined, right: VerifierKey | undefined): boolean {
  return left && right ? sameKey(left, right) : left === right;
}

/** A closed segment ends with a seal: nothing may follow it there. */
function findUnsealed({ tail, end }: CheckedReport): Finding | undefined {
  if (tail.finding) return tail.finding;
  if (tail.kind === "none") return undefined;
  return tampered(end.sealedSize, "a segment that is not the last does not end with a seal");
}

/** Anybody can write a journal of their own whose last entry names a key that somebody pinned. */
function holdAgainstPinned(progress: Progress, pinned: VerifierKey | undefined): Progress {
  if (!pinned || progress.pinnedSealed || progress.finding || progress.size === 0) return progress;
  const reason = "nothing of it is sealed by the pinned key";
  return found(progress, { verdict: "re-signed", seq: 0, reason });
}

function holdAgainstCheckpoints(progress: Progress, evidence: Evidence): Progress {
  if (progress.finding) return progress;
  const { history, primitives, checkpoints } = evidence;
  const finding = holdAgainst({ ...progress, history, primitives }, checkpoints);
  return finding ? found(progress, finding) : progress;
}

function toVerdict(progress: Progress, evidence: Evidence, unerased: number): Verdict {
  const { finding, size, root, sealedAt, unsealed, contents, signatures } = progress;
  const { pinned, history, checkpoints } = evidence;
  const anchored = findAnchored(progress, checkpoints);
  const isKeyKept = bearsOutKey({ ...progress, history }, checkpoints);
  const first = evidence.past?.first ?? 0;
  const record = recordOf(progress.pruned, first);
  const isPruned = first > 0 && size >= first;
  return {
    verdict: finding?.verdict ?? "intact",
    size,
    root: rootBase64(root),
    firstBad: finding ? { seq: finding.seq, reason: finding.reason } : null,
    unsealed,
    contents: { ...contents, unerased },
    signatures,
    pruned: isPruned ? prunedOf(first, record) : null,
    anchored,
    unanchored: { entries: size - (anchored?.size ?? 0), since: null },
    assurance: { key: pinned ? "pinned" : "self", freshness: freshness(checkpoints), sealedAt },
    cannotRuleOut: cannotRuleOut({
      anchored,
      history,
      pinned,
      isKeyKept,
      pruned: isPruned ? first : 0,
      unchecked: signatures.unchecked,
    }),
  };
}

/** The newest evidence from outside that there was, whatever it showed. */
function freshness({ kept, published }: Checkpoints): Verdict["assurance"]["freshness"] {
  const own = typeof published === "string" ? undefined : published.witnessed;
  if (own ?? kept?.witnessed) return "witnessed";
  return kept ? "checkpoint" : "none";
}

function tampered(seq: number, reason: string): Finding {
  return { verdict: "tampered", seq, reason };
}
