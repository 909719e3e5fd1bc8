import { createHash, type Hash } from "node:crypto";
import type { CheckOptions, Format, OriginEntry, Report } from "@stele/import";
import { checkOrigin } from "@stele/import";
import { MAX_LEAF_BYTES } from "@stele/core/ledger";
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
 * IMPORT_CHANGED when the file is not what was checked, IMPORT_DIFFERENT when the journal has
 * another record or more of them, and what an append throws. The journal must not take a record
 * for another entry by its id: its deduplication window is 0. Memory does not grow with the file.
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
  if (await earlier.hasMore()) throw cutOff(task, report.entries);
  if (added > 0 || !earlier.ended(task.sha256)) await recordEnd(task, report);
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

function cutOff({ format, source }: TakeOver, entries: number): SteleError {
  const has = `${source} has ${entries} ${format.name} records`;
  const message = `${has}, and the journal has more: it was cut, or is another file`;
  return new SteleError("IMPORT_DIFFERENT", message);
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
    headHash: headHash === null ? null : shortened(headHash),
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

/** What a file states as a hash can be any text; the content has all of it. */
function shortened(hash: string): string {
  return hash.length > 128 ? `${hash.slice(0, 128).toWellFormed()}…` : hash;
}

/** The same record at the same place has the same id in every run. */
function idOf(format: Format, { index, bytes }: OriginEntry): string {
  return `${format.name}:${index}:${nodeHasher.sha256(bytes)}`;
}

const known = recordTypes();

/** What else is in a leaf takes less: its links, the time, and what names the content. */
const MAX_EVENT_BYTES = MAX_LEAF_BYTES - 512;

/** The event of a record type that Stele knows, if the record fits one, and a leaf. */
function toEvent({ format, stated }: TakeOver, entry: OriginEntry, id: string): EventText {
  const { index, offsetBytes, hash, problem } = entry;
  const origin = { format: format.name, index, offsetBytes, hash: shortened(hash), problem };
  const { data, ...rest } = format.map(entry, stated);
  const event = { ...rest, id, data: { ...data, ...replayOf(rest.type, data), origin } };
  try {
    known.check(event);
    const encoded = encodeEvent(event);
    if (Buffer.byteLength(encoded.text) <= MAX_EVENT_BYTES) return encoded;
  } catch (error) {
    if (!(error instanceof SteleError)) throw error;
  }
  return encodeEvent({ type: `${format.name}.record`, id, data: { origin } });
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

  /** Whether there are records behind those that were asked for. */
  async hasMore(): Promise<boolean> {
    if (!this.#isOver) this.#isOver = (await this.#ids.next()).done === true;
    return !this.#isOver;
  }

  /** Whether a run that ended took over exactly this file. */
  ended(sha256: string): boolean {
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
