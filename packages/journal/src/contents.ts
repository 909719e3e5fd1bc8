import { commit, contentReferences, type ContentLine } from "@stele/core/content";
import { SteleError } from "@stele/core/error";
import { erases, isErasedLine, readErasure } from "@stele/core/erasure";
import type { World } from "@stele/store";
import { contentPath, findContents } from "@stele/store/contents";
import { findSegment, listSegments, orUndefined, type EntryLine } from "@stele/store/reading";

/** Where contents are read from. */
export interface ContentSource {
  readonly world: World;
  readonly directory: string;
  /** A sealed entry. Throws SEQ_OUT_OF_RANGE. */
  readonly get: (seq: number) => Promise<EntryLine>;
}

/**
 * The content, checked against its entry's commitment; undefined when the entry names none of that
 * name. Throws CONTENT_ERASED, JOURNAL_DAMAGED, SEQ_OUT_OF_RANGE.
 */
export async function readContent(
  source: ContentSource,
  seq: number,
  name: string,
): Promise<Uint8Array | undefined> {
  const { event } = (await source.get(seq)).entry;
  const reference = contentReferences(event).get(name);
  if (!reference) return undefined;
  const read = async (): Promise<Uint8Array> => {
    const line = await findLine(source, seq);
    const stored = line?.contents.get(name);
    if (!stored) throw await whyMissing(source, { seq, name, line });
    if (commit(source.world.primitives, name, stored) === reference.commitment) return stored.bytes;
    throw damaged(seq, name, "is not what the entry commits to");
  };
  return despiteErasing(read);
}

const ATTEMPTS = 3;
/** What erased a content stands behind its entry: it is not gone as long as that is there. */
const NO_ENTRY: ReadonlySet<string> = new Set(["SEQ_OUT_OF_RANGE", "SEQ_PRUNED"]);

/**
 * Reads again what seems damaged: an erasure may have taken the file's place, and overwritten the
 * one that was being read.
 */
export async function despiteErasing<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      const isDamage = error instanceof SteleError && error.code === "JOURNAL_DAMAGED";
      if (!isDamage || attempt === ATTEMPTS) throw error;
    }
  }
}

async function findLine(
  { world, directory }: ContentSource,
  seq: number,
): Promise<ContentLine | undefined> {
  const segments = await listSegments(world.disk, directory);
  const path = contentPath(directory, findSegment(segments, seq)!);
  const file = await orUndefined(world.disk.openRead(path));
  if (!file) return undefined;
  try {
    return await findContents(file, seq);
  } finally {
    await file.close();
  }
}

/** When, why and by whom it was erased, if a sealed entry bears that out. */
async function whyMissing(
  source: ContentSource,
  missing: {
    readonly seq: number;
    readonly name: string;
    readonly line: ContentLine | undefined;
  },
): Promise<SteleError> {
  const { seq, name, line } = missing;
  const by = line?.erased.get(name);
  if (by === undefined) return damaged(seq, name, "is missing");
  const found = await orNone(source.get(by));
  const erasure =
    found && isErasedLine(found.line) ? readErasure(by, found.entry.event) : undefined;
  if (!found || !erasure || !erases(erasure, seq, name)) {
    return damaged(seq, name, `is missing, and entry ${by} does not say that it was erased`);
  }
  const who = erasure.by === undefined ? "" : ` by ${erasure.by}`;
  const what = `content ${name} of entry ${seq} was erased at ${found.entry.time}${who}`;
  const message = `${what}, as entry ${by} says: ${erasure.reason}`;
  return new SteleError("CONTENT_ERASED", message, { seq: by });
}

async function orNone(pending: Promise<EntryLine>): Promise<EntryLine | undefined> {
  try {
    return await pending;
  } catch (error) {
    const isNone = error instanceof SteleError && NO_ENTRY.has(error.code);
    if (isNone) return undefined;
    throw error;
  }
}

function damaged(seq: number, name: string, problem: string): SteleError {
  const message = `content ${name} of entry ${seq} ${problem}`;
  return new SteleError("JOURNAL_DAMAGED", message, { seq });
}
