import { parseEvent, type EventText } from "@stele/core/event";
import type { Disk, WritableFile } from "./disk.ts";
import { listIfAny, readFile, replaceFile } from "./files.ts";
import { join, QUARANTINE } from "./layout.ts";
import type { World } from "./world.ts";

// Bytes that recovery sets aside. A file ends in `.pending` until a `stele.recovered` entry that
// names it is sealed and on disk, so that a crash between the two cannot hide the recovery.

/** Where the bytes lay. */
export interface SetAside {
  readonly part: "ledger" | "content";
  readonly segment: string;
  readonly offsetBytes: number;
}

const PENDING = ".pending";
const NAME = /^(ledger|content)-([0-9]{20})-([0-9]+)-([0-9a-f]{16})\.jsonl$/;

/**
 * Copies the end of the file, from the offset on, to quarantine. Durable when it resolves. Cuts
 * nothing.
 */
export async function setAside(
  world: World,
  directory: string,
  file: WritableFile,
  place: SetAside,
): Promise<void> {
  const bytes = new Uint8Array((await file.size()) - place.offsetBytes);
  await file.read(bytes, place.offsetBytes);
  const digest = world.primitives.sha256(bytes).slice(0, 16);
  const name = `${place.part}-${place.segment}-${place.offsetBytes}-${digest}.jsonl`;
  const quarantine = join(directory, QUARANTINE);
  await world.disk.makeDirectory(quarantine);
  await world.disk.syncDirectory(directory);
  await replaceFile(world.disk, quarantine, name + PENDING, bytes);
}

/**
 * The names that no sealed entry mentions yet, without their ending, in the order in which they
 * are recorded.
 */
export async function listPending(disk: Disk, directory: string): Promise<readonly string[]> {
  const names = await listIfAny(disk, join(directory, QUARANTINE));
  return names
    .filter((name) => name.endsWith(PENDING))
    .map((name) => name.slice(0, -PENDING.length))
    .filter((name) => NAME.test(name))
    .toSorted()
    .toReversed(); // ledger before content
}

/**
 * The `stele.recovered` event for a file in quarantine: where the bytes lay, their size, SHA-256
 * and entries.
 */
export async function recoveredEvent(
  world: World,
  directory: string,
  name: string,
): Promise<EventText> {
  const bytes = await readFile(world.disk, join(directory, QUARANTINE, name + PENDING));
  const [, part, segment, offset] = NAME.exec(name)!;
  const data = {
    part,
    segment: `${segment}.jsonl`,
    offset: Number(offset),
    bytes: bytes.length,
    entries: part === "ledger" ? countEntries(bytes) : 0,
    sha256: world.primitives.sha256(bytes),
    file: join(QUARANTINE, name),
  };
  return parseEvent(JSON.stringify({ type: "stele.recovered", data }));
}

/** Notes that the file's `stele.recovered` entry is sealed and on disk. */
export async function settle(disk: Disk, directory: string, name: string): Promise<void> {
  const quarantine = join(directory, QUARANTINE);
  await disk.rename(join(quarantine, name + PENDING), join(quarantine, name));
  await disk.syncDirectory(quarantine);
}

/** Complete lines that begin as entries do. */
function countEntries(bytes: Uint8Array): number {
  let entries = 0;
  for (let start = 0; ;) {
    const newline = bytes.indexOf(0x0a, start);
    if (newline < 0) return entries;
    if (bytes[start] === 0x7b && bytes[start + 4] === 0x71) entries++;
    start = newline + 1;
  }
}
