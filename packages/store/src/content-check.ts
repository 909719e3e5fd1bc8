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
  try {
    if (file) await checkOff(file, hasher, wanted, report.end.sealedSize);
  } catch (error) {
    const finding = findDamage(error, wanted, report.end.sealedSize);
    return { checked: all - count(wanted), absent: 0, finding };
  } finally {
    await file?.close();
  }
  return { checked: all - count(wanted), absent: 0, finding: firstMissing(wanted) };
}

/**
 * What a line that is wrong means. Behind the contents of all sealed entries it means nothing: a
 * crash, or a writer at work, leaves such lines there.
 */
function findDamage(
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
 * Takes out of `wanted` what is there and right. Throws JOURNAL_DAMAGED at what is there and
 * wrong.
 */
async function checkOff(
  file: ReadableFile,
  hasher: Hasher,
  wanted: Map<number, Map<string, string>>,
  sealedSize: number,
): Promise<void> {
  for await (const { seq, contents } of readContentLines(file)) {
    // Contents are written first: these belong to entries that are on their way, or never came.
    if (seq >= sealedSize) return;
    for (const [name, stored] of contents) checkOne(hasher, { seq, name, stored }, wanted.get(seq));
    if (wanted.get(seq)?.size === 0) wanted.delete(seq);
  }
}

function checkOne(
  hasher: Hasher,
  found: { readonly seq: number; readonly name: string; readonly stored: StoredContent },
  wanted: Map<string, string> | undefined,
): void {
  const { seq, name, stored } = found;
  const commitment = wanted?.get(name);
  if (commitment === undefined) throw damaged(seq, `names no content ${name}, which lies there`);
  if (commit(hasher, name, stored) !== commitment) {
    throw damaged(seq, `does not commit to the content ${name} that lies there`);
  }
  wanted!.delete(name);
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

function damaged(seq: number, reason: string): SteleError {
  return new SteleError("JOURNAL_DAMAGED", `entry ${seq} ${reason}`, { seq });
}
