import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { formatCheckpoint } from "@stele/core/checkpoint";
import { leafHash, ZERO_HASH } from "@stele/core/hash";
import { formatVerifierKey, type Signer, type VerifierKey } from "@stele/core/key";
import { recoveryKeyEvent } from "@stele/core/key-event";
import {
  formatHashField,
  formatHeader,
  formatLeaf,
  formatSeal,
  segmentName,
} from "@stele/core/ledger";
import type { Disk } from "./disk.ts";
import { listIfAny, orUndefined, readFile, replaceFile } from "./files.ts";
import { formatHead } from "./head.ts";
import { CONTENT, HEAD, join, LEDGER, MANIFEST, QUARANTINE } from "./layout.ts";
import { DEFAULT_SEGMENT_BYTES, isKeyAge, isSegmentBytes, writeManifest } from "./manifest.ts";
import { listSegments, segmentPath } from "./segments.ts";
import type { World } from "./world.ts";

/** What a new journal is. */
export interface CreateOptions {
  /** Of its first key; the key's name is the journal's origin. */
  readonly signer: Signer;
  /** Named by entry 0: what can say later that a key was lost. */
  readonly recoveryKey?: VerifierKey | undefined;
  /** How old a key may be before another follows it. */
  readonly rotateKeyEveryMs?: number | undefined;
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
  const { signer, rotateKeyEveryMs, segmentBytes = DEFAULT_SEGMENT_BYTES } = options;
  if (!isSegmentBytes(segmentBytes)) {
    const message = `segmentBytes must be from 1024 to 2^36, not ${String(segmentBytes)}`;
    throw new SteleError("OPTION_INVALID", message);
  }
  const { key } = signer;
  if (rotateKeyEveryMs !== undefined && !isKeyAge(rotateKeyEveryMs)) {
    const ms = String(rotateKeyEveryMs);
    const message = `a key must live for a minute or more (60000), not for ${ms} milliseconds`;
    throw new SteleError("OPTION_INVALID", message);
  }
  const ledger = await firstSegment(world, options);
  await refuseExisting(disk, directory);
  const holders = await holdersOfNewNames(disk, directory);
  for (const name of ["", LEDGER, CONTENT, QUARANTINE]) {
    await disk.makeDirectory(name === "" ? directory : join(directory, name));
  }
  const origin = key.name;
  await replaceFile(disk, join(directory, LEDGER), segmentName(0), ledger.bytes);
  const head = { size: ledger.size, segment: 0, segmentBytes: ledger.bytes.length };
  await replaceFile(disk, directory, HEAD, formatHead(primitives, head));
  for (const holder of holders) await disk.syncDirectory(holder);
  const created = new Date(world.clock.nowMs()).toISOString();
  const publicKey = formatVerifierKey(key);
  const manifest = { origin, publicKey, created, segmentBytes, rotateKeyEveryMs };
  await writeManifest(disk, directory, manifest);
}

/** The header, and with a recovery key entry 0, which names it, and its seal. */
async function firstSegment(
  { clock, primitives }: World,
  { signer, recoveryKey }: CreateOptions,
): Promise<{ readonly size: number; readonly bytes: Uint8Array }> {
  const origin = signer.key.name;
  const header = `${formatHeader({ origin, first: 0, prev: ZERO_HASH, frontier: [] })}\n`;
  if (!recoveryKey) return { size: 0, bytes: utf8(header) };
  const time = new Date(clock.nowMs()).toISOString();
  const leaf = formatLeaf({ seq: 0, prev: ZERO_HASH, time }, recoveryKeyEvent(recoveryKey).text);
  const hash = leafHash(primitives, utf8(leaf));
  const checkpoint = { origin, size: 1, root: hash };
  const signature = await signer.sign(utf8(formatCheckpoint(checkpoint)));
  const seal = formatSeal(checkpoint, signer.key, signature);
  return { size: 1, bytes: utf8(header + leaf.slice(0, -1) + formatHashField(hash) + seal) };
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
  if (segments.length > 1 || hasEntries(bytes)) {
    const message = `${directory} has a ledger with entries but no ${MANIFEST}`;
    throw new SteleError("JOURNAL_NOT_A_JOURNAL", message, {
      path: directory,
      fix: `restore ${MANIFEST} from a copy, or choose another directory`,
    });
  }
}

/** Whether there is more than what making a journal writes, and may not have finished. */
function hasEntries(segment: Uint8Array): boolean {
  const [, entry = "", seal, ...rest] = (decodeUtf8(segment) ?? "\n?").split("\n");
  const isBeginning = entry.includes(',"event":{"type":"stele.recovery-key",');
  return isBeginning ? seal === undefined || rest.join("") !== "" : entry !== "";
}

/** The directories, nearest first, that get a new name when the directory is made. */
export async function holdersOfNewNames(disk: Disk, directory: string): Promise<readonly string[]> {
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
