import { commit, type ContentLine, type StoredContent } from "@stele/core/content";
import { SteleError } from "@stele/core/error";
import type { Hasher } from "@stele/core/hash";
import type { Finding } from "@stele/core/verdict";
import { parseRawLine, scanContentLines } from "./content-scan.ts";
import { contentPath } from "./content-segment.ts";
import type { Disk, ReadableFile } from "./disk.ts";
import { orUndefined } from "./files.ts";
import { CONTENT, join } from "./layout.ts";
import type { SegmentReport } from "./segment-report.ts";

/** What became of the contents that a segment's entries name. */
export interface ContentsReport {
  /** Contents that are what their entries commit to. */
  readonly checked: number;
  /** Contents that were not looked at, because the journal came without any. */
  readonly absent: number;
  /** Those that are said to be erased: the whole journal must bear that out. */
  readonly erased: readonly ErasedContents[];
  readonly finding: Finding | undefined;
}

/** Contents of one name of which the segment says that one entry erased them. */
export interface ErasedContents {
  /** The `seq` of the `stele.erased` entry. */
  readonly by: number;
  readonly name: string;
  /** The entries that named them. */
  readonly seqs: readonly number[];
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
  const here = await orUndefined(disk.list(join(directory, CONTENT)));
  if (!here) {
    const absent = count(sealedCommitments(report));
    return { checked: 0, absent, erased: [], finding: undefined };
  }
  const path = contentPath(directory, report.header.first);
  for (let attempt = 1; ; attempt++) {
    const found = await checkFile(disk, hasher, path, report);
    // An erasure may have taken the file's place, and overwritten the one that was being read.
    if (!found.finding || attempt === ATTEMPTS) return found;
  }
}

const ATTEMPTS = 3;

async function checkFile(
  disk: Disk,
  hasher: Hasher,
  path: string,
  report: SegmentReport,
): Promise<ContentsReport> {
  const wanted = sealedCommitments(report);
  const all = count(wanted);
  const erased = new ErasedSoFar();
  const file = await orUndefined(disk.openRead(path));
  let finding: Finding | undefined;
  try {
    const { sealedSize } = report.end;
    if (file) finding = await checkOff(file, hasher, { wanted, sealedSize, erased });
  } catch (error) {
    finding = malformedLine(error, wanted, report.end.sealedSize);
  } finally {
    await file?.close();
  }
  const checked = all - count(wanted) - erased.count;
  return { checked, absent: 0, erased: erased.all, finding: finding ?? firstMissing(wanted) };
}

/** Few bytes for each, since there may be millions. */
class ErasedSoFar {
  readonly #groups = new Map<string, { by: number; name: string; seqs: number[] }>();
  count = 0;

  add(seq: number, name: string, by: number): void {
    const key = `${by} ${name}`;
    const group = this.#groups.get(key) ?? { by, name, seqs: [] };
    this.#groups.set(key, group);
    group.seqs.push(seq);
    this.count++;
  }

  get all(): readonly ErasedContents[] {
    return [...this.#groups.values()];
  }
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

/** What was not found yet, by `seq`. */
type Wanted = Map<number, Map<string, string>>;

/** What a pass over a content segment looks for and finds. */
interface CheckingOff {
  readonly wanted: Wanted;
  readonly sealedSize: number;
  readonly erased: ErasedSoFar;
}

/**
 * Takes out of `wanted` what is there and right, or said to be erased, and returns what is there
 * and wrong first. Throws JOURNAL_DAMAGED at a malformed line.
 */
async function checkOff(
  file: ReadableFile,
  hasher: Hasher,
  pass: CheckingOff,
): Promise<Finding | undefined> {
  const { sealedSize } = pass;
  let last = -1;
  for await (const batch of scanContentLines(file)) {
    for (const raw of batch) {
      const line = parseRawLine(raw);
      const { seq } = line;
      // Reading a content stops at the first line of a later entry.
      if (seq <= last) return { verdict: "tampered", seq, reason: "its contents are out of order" };
      last = seq;
      // Contents are written first: these belong to entries that are on their way, or never came.
      if (seq >= sealedSize) return undefined;
      const reason = checkLine(hasher, line, pass);
      if (reason !== undefined) return { verdict: "tampered", seq, reason };
    }
  }
  return undefined;
}

function checkLine(
  hasher: Hasher,
  { seq, contents, erased }: ContentLine,
  pass: CheckingOff,
): string | undefined {
  const names = pass.wanted.get(seq) ?? new Map<string, string>();
  for (const [name, stored] of contents) {
    const reason = mismatch(hasher, name, stored, names.get(name));
    if (reason !== undefined) return reason;
    names.delete(name);
  }
  for (const [name, by] of erased) {
    if (!names.delete(name)) return `it names no content ${name}, which is said to be erased`;
    pass.erased.add(seq, name, by);
  }
  if (names.size === 0) pass.wanted.delete(seq);
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

function sealedCommitments({ commitments, end }: SegmentReport): Wanted {
  const sealed = [...commitments].filter(([seq]) => seq < end.sealedSize);
  return new Map(sealed.map(([seq, names]) => [seq, new Map(names)]));
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
