import type { Hasher } from "@stele/core/hash";
import { MAX_LINE_BYTES } from "@stele/core/ledger";
import type { ReadableFile } from "./disk.ts";
import type { EntryLine, LinePlace } from "./entry-line.ts";
import { readEntry } from "./entry-pages.ts";

/** Where the line of an entry lies, as somebody remembers it. */
export interface EntryPlace extends LinePlace {
  readonly seq: number;
}

/** Lines with no more than this between them are read at once. */
const GAP_BYTES = 16 * 1024;
/** So much is read at once, besides the last line. */
const RUN_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/**
 * The entries of a segment whose lines lie at these places and match their hashes, by number. What
 * is not found there, the caller was told wrong, or it is not intact.
 */
export async function readPlaces(
  file: ReadableFile,
  hasher: Hasher,
  untrusted: readonly EntryPlace[],
): Promise<ReadonlyMap<number, EntryLine>> {
  const found = new Map<number, EntryLine>();
  const reading = runsOf(untrusted).map(async (run) => {
    const bytes = new Uint8Array(run.endBytes - run.startBytes);
    const count = await file.read(bytes, run.startBytes);
    for (const place of run.places) {
      const start = place.offsetBytes - run.startBytes;
      const line = lineAt(hasher, bytes.subarray(0, count), start, start + place.sizeBytes);
      if (line?.entry.seq === place.seq) found.set(place.seq, line);
    }
  });
  await Promise.all(reading);
  return found;
}

/** Some places near each other, with the newlines in front and behind. */
interface Run {
  readonly startBytes: number;
  endBytes: number;
  readonly places: EntryPlace[];
}

function runsOf(untrusted: readonly EntryPlace[]): readonly Run[] {
  const runs: Run[] = [];
  const sorted = untrusted
    .filter(isPlace)
    .toSorted((left, right) => left.offsetBytes - right.offsetBytes);
  for (const place of sorted) {
    const startBytes = place.offsetBytes - 1;
    const endBytes = place.offsetBytes + place.sizeBytes + 1;
    const run = runs.at(-1);
    const isNear = run !== undefined && startBytes <= run.endBytes + GAP_BYTES;
    if (isNear && startBytes <= run.startBytes + RUN_BYTES) {
      run.places.push(place);
      run.endBytes = Math.max(run.endBytes, endBytes);
    } else runs.push({ startBytes, endBytes, places: [place] });
  }
  return runs;
}

function isPlace({ offsetBytes, sizeBytes }: EntryPlace): boolean {
  const isLine = Number.isSafeInteger(sizeBytes) && sizeBytes > 0 && sizeBytes <= MAX_LINE_BYTES;
  return isLine && Number.isSafeInteger(offsetBytes) && offsetBytes > 0;
}

function lineAt(
  hasher: Hasher,
  bytes: Uint8Array,
  start: number,
  end: number,
): EntryLine | undefined {
  if (bytes[start - 1] !== NEWLINE || bytes[end] !== NEWLINE) return undefined;
  const found = readEntry(hasher, bytes, start, end);
  return typeof found === "string" ? undefined : found;
}
