import { createHash, type Hash } from "node:crypto";
import type { CheckOptions, Format, OriginEntry, Report } from "@stele/import";
import { checkOrigin } from "@stele/import";
import { encodeEvent, SteleError, type EventText, type Journal } from "@stele/journal";
import { recordTypes, replayDigest } from "@stele/records";
import type { DecisionData } from "@stele/records/types";
import { nodeHasher } from "@stele/store/node";
import type { OriginFile } from "./origin-file.ts";

/** What is taken over, from where, into which journal. */
export interface TakeOver {
  readonly format: Format;
  readonly file: OriginFile;
  /** The file's name, for the record. */
  readonly source: string;
  /** Of all its bytes. */
  readonly sha256: string;
  /** How many bytes were checked; what is behind them now is not looked at. */
  readonly sizeBytes: number;
  /** As the report on the file has it. */
  readonly stated: Report["stated"];
  readonly journal: Journal;
  readonly options: CheckOptions;
}

/** What a take-over did. */
export interface TakenOver {
  readonly report: Report;
  /** Recorded now. */
  readonly added: number;
  /** There from an earlier run. */
  readonly present: number;
}

/**
 * Records each record of the file in the journal, with its own bytes as content, and at the end a
 * `stele.imported` entry. What an earlier run recorded is compared, not added again. Throws
 * IMPORT_CHANGED when the file is not what was checked, IMPORT_DIFFERENT, and what an append
 * throws. Memory does not grow with the file.
 */
export async function takeOver(task: TakeOver): Promise<TakenOver> {
  const { journal, format, file, options } = task;
  await using earlier = new EarlierRun(journal, format.name);
  let added = 0;
  let present = 0;
  const onEntries = async (entries: readonly OriginEntry[]): Promise<void> => {
    const pending: Promise<unknown>[] = [];
    for (const entry of entries) {
      const id = idOf(format, entry);
      if (await earlier.has(id, entry)) {
        present++;
        continue;
      }
      const content = { record: entry.bytes };
      pending.push(journal.append(toEvent(task, entry, id), { content }));
      added++;
    }
    await Promise.all(pending);
  };
  const sha256 = createHash("sha256");
  const chunks = hashed(firstBytes(file.chunks(), task.sizeBytes), sha256);
  const report = await checkOrigin(format, chunks, { ...options, onEntries });
  if (sha256.digest("hex") !== task.sha256) throw changed(task);
  if (added > 0 || !(await earlier.ended(task.sha256))) await recordEnd(task, report);
  return { report, added, present };
}

async function* firstBytes(
  chunks: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  let left = sizeBytes;
  for await (const chunk of chunks) {
    yield chunk.subarray(0, left);
    left -= Math.min(left, chunk.length);
    if (left === 0) return;
  }
}

/** The chunks, as they go into the hash. */
export async function* hashed(
  chunks: AsyncIterable<Uint8Array>,
  hash: Hash,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

function changed({ source }: TakeOver): SteleError {
  return new SteleError("IMPORT_CHANGED", `${source} has changed since it was checked`);
}

async function recordEnd({ journal, source, sha256 }: TakeOver, report: Report): Promise<void> {
  const { format, verdict, entries, headHash, keyed, sizeBytes, stated, unprotected } = report;
  await journal.recordImport({
    format,
    source,
    sizeBytes,
    sha256,
    verdict,
    keyed,
    entries,
    headHash,
    stated,
    unprotected,
    findings: report.findings.map(({ code, line, offsetBytes, index, message, segment }) => {
      return {
        code,
        line,
        offsetBytes,
        index,
        message: segment ? `${segment.name}, byte ${segment.offsetBytes}: ${message}` : message,
      };
    }),
  });
}

/** The same record at the same place has the same id in every run. */
function idOf(format: Format, { index, bytes }: OriginEntry): string {
  return `${format.name}:${index}:${nodeHasher.sha256(bytes)}`;
}

const known = recordTypes();

/** The event of a record type that Stele knows, if the record fits one. */
function toEvent({ format, stated }: TakeOver, entry: OriginEntry, id: string): EventText {
  const { index, offsetBytes, hash, problem } = entry;
  const origin = { format: format.name, index, offsetBytes, hash, problem };
  const { data, ...rest } = format.map(entry, stated);
  const event = { ...rest, id, data: { ...data, ...replayOf(rest.type, data), origin } };
  try {
    known.check(event);
    return encodeEvent(event);
  } catch (error) {
    if (!(error instanceof SteleError)) throw error;
    return encodeEvent({ type: `${format.name}.record`, id, data: { origin } });
  }
}

/** What follows from a decision's other members, for Stele to find a replay the same. */
function replayOf(type: string, data: object): { readonly replayDigest?: string } {
  return type === "decision" ? { replayDigest: replayDigest(data as DecisionData) } : {};
}

/** What earlier runs left in the journal, read beside the file, in the same order. */
class EarlierRun implements AsyncDisposable {
  readonly #format: string;
  readonly #ids: AsyncGenerator<string, void, undefined>;
  #isOver = false;
  readonly #ends = new Set<unknown>();

  constructor(journal: Journal, format: string) {
    this.#format = format;
    this.#ids = this.#read(journal);
  }

  /** Whether this record is there. Throws IMPORT_DIFFERENT when another is in its place. */
  async has(id: string, { index }: OriginEntry): Promise<boolean> {
    if (this.#isOver) return false;
    const { value, done } = await this.#ids.next();
    this.#isOver = done === true;
    if (this.#isOver) return false;
    if (value === id) return true;
    const message = `the journal has another ${this.#format} record as number ${index}`;
    throw new SteleError("IMPORT_DIFFERENT", message);
  }

  /** Whether a run that ended took over exactly this file. */
  async ended(sha256: string): Promise<boolean> {
    while (!this.#isOver) this.#isOver = (await this.#ids.next()).done === true;
    return this.#ends.has(sha256);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ids.return();
  }

  async *#read(journal: Journal): AsyncGenerator<string, void, undefined> {
    if (journal.sealedSize === 0) return;
    for await (const { event } of journal.read({ to: journal.sealedSize - 1 })) {
      const { type, id, data } = event as { type: string; id?: string; data?: object };
      if (type === "stele.imported") this.#ends.add((data as { sha256?: unknown }).sha256);
      else if (id !== undefined && isTaken(this.#format, id, data)) yield id;
    }
  }
}

/** Whether a take-over recorded this, and not a user under an id that looks alike. */
function isTaken(format: string, id: string, data: object | undefined): boolean {
  const { origin } = (data ?? {}) as { origin?: { format?: unknown; index?: unknown } | null };
  if (typeof origin !== "object" || origin?.format !== format) return false;
  const prefix = `${format}:${String(origin.index)}:`;
  return id.startsWith(prefix) && /^[0-9a-f]{64}$/.test(id.slice(prefix.length));
}
