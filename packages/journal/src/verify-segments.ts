import type { PlacedAgentChange } from "@stele/core/agent-event";
import { SteleError } from "@stele/core/error";
import type { VerifierKey } from "@stele/core/key";
import { leavesUpTo, type TilePlace } from "@stele/core/tile";
import type { Finding } from "@stele/core/verdict";
import type { World } from "@stele/store";
import { checkContents, type ContentsReport } from "@stele/store/contents";
import {
  checkFile,
  epochOfSegment,
  segmentPath,
  type KeyHistory,
  type SegmentReport,
} from "@stele/store/reading";
import { checkTiles } from "@stele/store/tiles";

/** Which segments are checked, and for what. */
export interface SegmentJob {
  readonly directory: string;
  readonly origin: string;
  /** Says which key seals which segment. */
  readonly history: KeyHistory;
  /** The `first` of each. */
  readonly segments: readonly number[];
  readonly rootsWanted: readonly number[];
  /** The changes of agents' keys that are believed until the entries were read. */
  readonly agents: readonly PlacedAgentChange[];
  /** Whether entries about agents' keys were dropped, and not kept. */
  readonly areAgentsLost: boolean;
}

/** Without what is as large as the segment itself, and was looked at. */
export type CheckedReport = Omit<SegmentReport, "commitments" | "tiles">;

/** A segment's report, or why there is none. */
export type CheckedSegment =
  | {
      readonly report: CheckedReport;
      /** What its seals were checked with. */
      readonly key: VerifierKey;
      readonly contents: ContentsReport;
      /** What is wrong with the first tile that ends here and does not hold what the ledger does. */
      readonly tiles: Finding | undefined;
      /** The same of tiles that begin with pruned entries. */
      readonly acrossCut: Finding | undefined;
    }
  | { readonly finding: Finding };

/**
 * Checks one segment. A segment that cannot be followed at all is a finding; the machine's
 * failures reject.
 */
export async function checkOne(
  world: World,
  job: SegmentJob,
  first: number,
  onProgress?: (bytes: number) => void,
): Promise<CheckedSegment> {
  const { primitives, disk } = world;
  const { origin, history, rootsWanted } = job;
  const { key } = epochOfSegment(history, first);
  const keys = { key, recoveryKey: history.recoveryKey };
  const progress = onProgress && { onProgress };
  const signatures = { agents: job.agents, areSomeLost: job.areAgentsLost };
  const wanted = { rootsWanted, wantsCommitments: true, signatures };
  const check = { primitives, origin, keys, first, ...wanted, ...progress };
  try {
    const whole = await checkFile(disk, segmentPath(job.directory, first), check);
    const contents = await checkContents(disk, primitives, job.directory, whole);
    const { commitments: _, tiles: all, ...report } = whole;
    const [across, own] = partition(all, (tile) => firstOf(tile) < history.first);
    const tiles = await checkTiles(disk, primitives, job.directory, { tiles: own });
    const acrossCut = await checkTiles(disk, primitives, job.directory, { tiles: across });
    return { report, key, contents, tiles, acrossCut };
  } catch (error) {
    if (!(error instanceof SteleError) || error.code !== "JOURNAL_DAMAGED") throw error;
    return { finding: { verdict: "corrupt", seq: first, reason: error.message } };
  }
}

/** The first entry that a tile covers. */
function firstOf(tile: TilePlace): number {
  return leavesUpTo({ ...tile, index: tile.index - 1 });
}

function partition<T>(all: readonly T[], test: (one: T) => boolean): [T[], T[]] {
  return [all.filter(test), all.filter((one) => !test(one))];
}

/** Checks the segments one after the other in this thread. */
export async function* checkInTurn(
  world: World,
  job: SegmentJob,
  onProgress: (bytes: number) => void,
): AsyncGenerator<CheckedSegment, void, undefined> {
  for (const first of job.segments) yield checkOne(world, job, first, onProgress);
}

/** Adds up what several checks report. */
export class Progress {
  readonly #allBytes: number;
  readonly #onProgress: ((checkedBytes: number, allBytes: number) => void) | undefined;
  #checkedBytes = 0;
  #reportedBytes = 0;

  constructor(
    allBytes: number,
    onProgress: ((checkedBytes: number, allBytes: number) => void) | undefined,
  ) {
    this.#allBytes = allBytes;
    this.#onProgress = onProgress;
  }

  /** Adds checked bytes, and reports about once a mebibyte. */
  readonly add = (bytes: number): void => {
    this.#checkedBytes += bytes;
    const due = this.#checkedBytes - this.#reportedBytes >= REPORT_BYTES;
    if (!due && this.#checkedBytes < this.#allBytes) return;
    this.#reportedBytes = this.#checkedBytes;
    this.#onProgress?.(this.#checkedBytes, this.#allBytes);
  };
}

const REPORT_BYTES = 1024 * 1024;

/** What the segments weigh. */
export async function totalBytes(world: World, job: SegmentJob): Promise<number> {
  let bytes = 0;
  for (const first of job.segments) {
    const file = await world.disk.openRead(segmentPath(job.directory, first));
    bytes += await file.size();
    await file.close();
  }
  return bytes;
}
