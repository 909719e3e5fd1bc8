import { commit, type StoredContent } from "@stele/core/content";
import { SteleError } from "@stele/core/error";
import type { Hasher } from "@stele/core/hash";
import type { Finding } from "@stele/core/verdict";
import { contentPath, readContentLines } from "./content-segment.ts";
import type { Disk, ReadableFile } from "./disk.ts";
import { orUndefined } from "./files.ts";
import { CONTENT, join } from "./layout.ts";
import type { References, SegmentReport } from "./segment-report.ts";

/** What became of the contents that a segment's entries name. */
export interface ContentsReport {
  /** Contents that are what their entries commit to. */
  readonly checked: number;
  /** Contents that were not looked at, because the journal came without any. */
  readonly absent: number;
  readonly finding: Finding | undefined;
}

/**
 * Holds the contents beside a segment against the commitments in its sealed entries. A journal
 * without a directory for contents was handed over without them: that is no finding, but is
 * counted. Memory: one entry's contents at a time.
 */
export async function checkContents(
  disk: Disk,
  hasher: Hasher,
  directory: string,
  report: SegmentReport,
): Promise<ContentsReport> {
  const wanted = sealedReferences(report);
  const all = count(wanted);
  const here = await orUndefined(disk.list(join(directory, CONTENT)));
  if (!here) return { checked: 0, absent: all, finding: undefined };
  const file = await orUndefined(disk.openRead(contentPath(directory, report.header.first)));
  let finding: Finding | undefined;
  try {
    if (file) finding = await checkOff(file, hasher, wanted, report.end.sealedSize);
  } catch (error) {
    finding = malformedLine(error, wanted, report.end.sealedSize);
  } finally {
    await file?.close();
  }
  const checked = all - count(wanted);
  return { checked, absent: 0, finding: finding ?? firstMissing(wanted) };
}

/**
 * What a malformed line means. Behind the contents of all sealed entries it means nothing: a
 * crash, or a writer at work, leaves such lines there.
 */
function malformedLine(
  error: unknown,
  wanted: ReadonlyMap<number, unknown>,
  sealedSize: number,
): Finding | undefined {
  if (!(error instanceof SteleError) || error.code !== "JOURNAL_DAMAGED") throw error;
  const [firstWanted = sealedSize] = wanted.keys();
  const seq = error.seq ?? firstWanted;
  return seq < sealedSize ? { verdict: "corrupt", seq, reason: error.message } : undefined;
}

/**
 * Takes out of `wanted` what is there and right, and returns what is there and wrong first. Throws
 * JOURNAL_DAMAGED at a malformed line.
 */
async function checkOff(
  file: ReadableFile,
  hasher: Hasher,
  wanted: Map<number, Map<string, string>>,
  sealedSize: number,
): Promise<Finding | undefined> {
  let last = -1;
  for await (const { seq, contents } of readContentLines(file)) {
    // Reading a content stops at the first line of a later entry.
    if (seq <= last) return { verdict: "tampered", seq, reason: "its contents are out of order" };
    last = seq;
    // Contents are written first: these belong to entries that are on their way, or never came.
    if (seq >= sealedSize) return undefined;
    const names = wanted.get(seq) ?? new Map<string, string>();
    for (const [name, stored] of contents) {
      const reason = mismatch(hasher, name, stored, names.get(name));
      if (reason !== undefined) return { verdict: "tampered", seq, reason };
      names.delete(name);
    }
    if (names.size === 0) wanted.delete(seq);
  }
  return undefined;
}

function mismatch(
  hasher: Hasher,
  name: string,
  stored: StoredContent,
  commitment: string | undefined,
): string | undefined {
  if (commitment === undefined) return `it names no content ${name}, which lies there`;
  if (commit(hasher, name, stored) === commitment) return undefined;
  return `it does not commit to the content ${name} that lies there`;
}

function sealedReferences({ references, end }: SegmentReport): Map<number, Map<string, string>> {
  const sealed = [...references].filter(([seq]) => seq < end.sealedSize);
  return new Map(sealed.map(([seq, names]) => [seq, commitments(names)]));
}

function commitments(names: References): Map<string, string> {
  return new Map([...names].map(([name, { commitment }]) => [name, commitment]));
}

function count(wanted: ReadonlyMap<number, ReadonlyMap<string, string>>): number {
  return [...wanted.values()].reduce((sum, names) => sum + names.size, 0);
}

function firstMissing(
  wanted: ReadonlyMap<number, ReadonlyMap<string, string>>,
): Finding | undefined {
  for (const [seq, names] of wanted) {
    const [name] = names.keys();
    return { verdict: "tampered", seq, reason: `its content ${name} is missing` };
  }
  return undefined;
}
