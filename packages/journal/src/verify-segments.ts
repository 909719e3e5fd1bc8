import { SteleError } from "@stele/core/error";
import type { VerifierKey } from "@stele/core/key";
import type { Finding } from "@stele/core/verdict";
import {
  checkContents,
  checkFile,
  segmentPath,
  type ContentsReport,
  type SegmentReport,
  type World,
} from "@stele/store";

/** Which segments are checked, and for what. */
export interface SegmentJob {
  readonly directory: string;
  readonly origin: string;
  readonly key: VerifierKey;
  /** The `first` of each. */
  readonly segments: readonly number[];
  readonly rootsWanted: readonly number[];
}

/** A segment's report, or why there is none. */
export type CheckedSegment =
  | { readonly report: SegmentReport; readonly contents: ContentsReport }
  | { readonly finding: Finding };

/** Called with bytes as they are checked, and all there are. */
export type OnProgress = ((checkedBytes: number, totalBytes: number) => void) | undefined;

/** Checks one segment. A segment that cannot be followed at all is a finding; the machine's failures reject. */
export async function checkOne(
  world: World,
  job: SegmentJob,
  first: number,
  onProgress?: (bytes: number) => void,
): Promise<CheckedSegment> {
  const { primitives, disk } = world;
  const { origin, key, rootsWanted } = job;
  const progress = onProgress && { onProgress };
  const wanted = { rootsWanted, wantsReferences: true };
  const check = { primitives, origin, key, first, ...wanted, ...progress };
  try {
    const report = await checkFile(disk, segmentPath(job.directory, first), check);
    return { report, contents: await checkContents(disk, primitives, job.directory, report) };
  } catch (error) {
    if (!(error instanceof SteleError) || error.code !== "JOURNAL_DAMAGED") throw error;
    return { finding: { verdict: "corrupt", seq: first, reason: error.message } };
  }
}

/** Checks the segments one after the other in this thread. */
export async function* checkInTurn(
  world: World,
  job: SegmentJob,
  onProgress: OnProgress,
): AsyncGenerator<CheckedSegment, void, undefined> {
  const progress = new Progress(await totalBytes(world, job), onProgress);
  for (const first of job.segments) yield checkOne(world, job, first, progress.add);
}

/** Adds up what several checks report. */
export class Progress {
  readonly #totalBytes: number;
  readonly #onProgress: OnProgress;
  #checkedBytes = 0;
  #reportedBytes = 0;

  constructor(totalBytes: number, onProgress: OnProgress) {
    this.#totalBytes = totalBytes;
    this.#onProgress = onProgress;
  }

  /** Adds checked bytes, and reports about once a mebibyte. */
  readonly add = (bytes: number): void => {
    this.#checkedBytes += bytes;
    const due = this.#checkedBytes - this.#reportedBytes >= REPORT_BYTES;
    if (!due && this.#checkedBytes < this.#totalBytes) return;
    this.#reportedBytes = this.#checkedBytes;
    this.#onProgress?.(this.#checkedBytes, this.#totalBytes);
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
