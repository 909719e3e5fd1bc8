import { utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { ZERO_HASH } from "@stele/core/hash";
import { formatVerifierKey, type VerifierKey } from "@stele/core/key";
import { formatHeader, segmentName } from "@stele/core/ledger";
import type { Disk } from "./disk.ts";
import { listIfAny, orUndefined, readFile, replaceFile } from "./files.ts";
import { formatHead } from "./head.ts";
import { CONTENT, HEAD, join, LEDGER, MANIFEST, QUARANTINE } from "./layout.ts";
import { DEFAULT_SEGMENT_BYTES, isSegmentBytes, writeManifest } from "./manifest.ts";
import { listSegments, segmentPath } from "./segments.ts";
import type { World } from "./world.ts";

/** What a new journal is. */
export interface CreateOptions {
  /** Its first key; the key's name is the journal's origin. */
  readonly key: VerifierKey;
  /** Default 16 MiB. */
  readonly segmentBytes?: number | undefined;
}

/**
 * Makes an empty journal. Durable when it resolves; the manifest comes last, so a crash before
 * leaves a directory that is no journal yet and where it can be made again. Throws JOURNAL_EXISTS;
 * JOURNAL_NOT_A_JOURNAL when entries lie there without a manifest; OPTION_INVALID.
 */
export async function createJournalFiles(
  world: World,
  directory: string,
  options: CreateOptions,
): Promise<void> {
  const { disk, primitives } = world;
  const { key, segmentBytes = DEFAULT_SEGMENT_BYTES } = options;
  if (!isSegmentBytes(segmentBytes)) {
    const message = `segmentBytes must be from 1024 to 2^36, not ${String(segmentBytes)}`;
    throw new SteleError("OPTION_INVALID", message);
  }
  const origin = key.name;
  const header = utf8(`${formatHeader({ origin, first: 0, prev: ZERO_HASH, frontier: [] })}\n`);
  await refuseExisting(disk, directory);
  const holders = await holdersOfNewNames(disk, directory);
  for (const name of ["", LEDGER, CONTENT, QUARANTINE]) {
    await disk.makeDirectory(name === "" ? directory : join(directory, name));
  }
  await replaceFile(disk, join(directory, LEDGER), segmentName(0), header);
  const head = { size: 0, segment: 0, segmentBytes: header.length };
  await replaceFile(disk, directory, HEAD, formatHead(primitives, head));
  for (const holder of holders) await disk.syncDirectory(holder);
  const created = new Date(world.clock.nowMs()).toISOString();
  const publicKey = formatVerifierKey(key);
  await writeManifest(disk, directory, { origin, publicKey, created, segmentBytes });
}

async function refuseExisting(disk: Disk, directory: string): Promise<void> {
  const names = await listIfAny(disk, directory);
  if (names.includes(MANIFEST)) {
    throw new SteleError("JOURNAL_EXISTS", `${directory} is a journal already`, {
      path: directory,
    });
  }
  const segments = names.includes(LEDGER) ? await listSegments(disk, directory) : [];
  const [first] = segments;
  if (first === undefined) return;
  const bytes = await readFile(disk, segmentPath(directory, first));
  const hasEntries = bytes.length > bytes.indexOf(0x0a) + 1;
  if (segments.length > 1 || hasEntries) {
    const message = `${directory} has a ledger with entries but no ${MANIFEST}`;
    throw new SteleError("JOURNAL_NOT_A_JOURNAL", message, {
      path: directory,
      fix: `restore ${MANIFEST} from a copy, or choose another directory`,
    });
  }
}

/** The directories, nearest first, that get a new name when the directory is made. */
async function holdersOfNewNames(disk: Disk, directory: string): Promise<readonly string[]> {
  const parent = parentOf(directory);
  const isThere = parent === directory || (await orUndefined(disk.list(parent))) !== undefined;
  return isThere ? [parent] : [parent, ...(await holdersOfNewNames(disk, parent))];
}

function parentOf(directory: string): string {
  const trimmed = directory.replace(/\/+$/, "");
  const slash = trimmed.lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : trimmed.slice(0, slash);
}
