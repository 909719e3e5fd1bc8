import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { RESERVED_PREFIX } from "@stele/core/event";
import type { Entry } from "@stele/core/ledger";
import { memberOf, readLossless } from "../lossless-json.ts";
import { CalybrisWriter } from "./calybris-writer.ts";
import { ChioWriter } from "./chio-writer.ts";
import { HooshWriter } from "./hoosh-writer.ts";
import type { RecordWriter, TakenRecord, WriteContext } from "./record-writer.ts";
import { SymbiWriter } from "./symbi-writer.ts";

/** A format that Stele writes too, and the type of event that it has a record for. */
export interface ExportFormat {
  readonly name: string;
  readonly type: string;
  readonly writer: (context: WriteContext) => RecordWriter;
}

/** The formats that `exportEntries` writes. */
export const EXPORT_FORMATS: readonly ExportFormat[] = [
  {
    name: "calybris",
    type: "decision",
    writer: (context) => new CalybrisWriter(context),
  },
  {
    name: "hoosh",
    type: "gateway.event",
    writer: (context) => new HooshWriter(context),
  },
  {
    name: "chio",
    type: "tool.call",
    writer: (context) => new ChioWriter(context),
  },
  {
    name: "symbi",
    type: "review",
    writer: (context) => new SymbiWriter(context),
  },
];

/** Entries in order, as `readLines` of a journal gives them, and their contents. */
export interface ExportSource {
  readonly lines: AsyncIterable<{ readonly entry: Entry; readonly line: string }>;
  /** Rejects with CONTENT_ERASED for one that was erased. */
  content(entry: Entry, name: string): Promise<Uint8Array | undefined>;
}

/** Keys, and which entries are meant. */
export interface ExportOptions extends WriteContext {
  /** Only those of this session. */
  readonly session?: string | undefined;
  /** Instead of the format's own: exactly these, or all that begin so when one ends with a dot. */
  readonly types?: readonly string[] | undefined;
}

/** Why an entry has no record in the file. */
export type LeftOut = "journal" | "otherType" | "otherSession" | "erased" | "wrong";

/** What an export wrote. */
export interface ExportSummary {
  readonly format: string;
  readonly records: number;
  /** Of them, those that were taken over and are byte for byte what they were. */
  readonly asTheyWere: number;
  /** Those that were taken over, and were chained, hashed or signed anew. */
  readonly chainedAnew: number;
  /** Those made of Stele's own events. */
  readonly made: number;
  readonly leftOut: Readonly<Record<LeftOut, number>>;
  readonly notes: readonly string[];
}

const FLUSH_BYTES = 65_536;

/**
 * Writes entries as a file of another system, which its rules call intact; returns what it wrote.
 * Records that were taken over from this format stay as they were while the chain in front of
 * them does. Throws KEY_MISSING, EXPORT_IMPOSSIBLE, OPTION_INVALID and what reading throws, after
 * which the chunks so far are no whole file. Memory does not grow with the number of entries.
 */
export async function* exportEntries(
  format: ExportFormat,
  source: ExportSource,
  options: ExportOptions,
): AsyncGenerator<Uint8Array, ExportSummary, void> {
  const exporter = new Exporter(format, source, options);
  const { writer } = exporter;
  let pending = writer.begin;
  for await (const { entry, line } of source.lines) {
    const record = await exporter.recordOf(entry, line);
    if (record === undefined) continue;
    pending += exporter.records > 1 ? writer.between + record : writer.first + record;
    if (pending.length < FLUSH_BYTES) continue;
    yield utf8(pending);
    pending = "";
  }
  pending += writer.end();
  if (pending !== "") yield utf8(pending);
  return exporter.summary();
}

/** Decides what becomes of each entry, and counts. */
class Exporter {
  readonly writer: RecordWriter;
  readonly #format: ExportFormat;
  readonly #source: ExportSource;
  readonly #options: ExportOptions;
  readonly #leftOut: Record<LeftOut, number> = {
    journal: 0,
    otherType: 0,
    otherSession: 0,
    erased: 0,
    wrong: 0,
  };
  #asTheyWere = 0;
  #chainedAnew = 0;
  #made = 0;

  constructor(format: ExportFormat, source: ExportSource, options: ExportOptions) {
    this.#format = format;
    this.#source = source;
    this.#options = options;
    this.writer = format.writer(options);
  }

  get records(): number {
    return this.#asTheyWere + this.#chainedAnew + this.#made;
  }

  summary(): ExportSummary {
    return {
      format: this.#format.name,
      records: this.records,
      asTheyWere: this.#asTheyWere,
      chainedAnew: this.#chainedAnew,
      made: this.#made,
      leftOut: this.#leftOut,
      notes: this.writer.notes?.() ?? [],
    };
  }

  /** The entry's record; undefined when it has none. */
  async recordOf(entry: Entry, line: string): Promise<string | undefined> {
    const { type, session } = entry.event;
    if (type.startsWith(RESERVED_PREFIX)) {
      this.#readImported(entry);
      return this.#leave("journal");
    }
    const origin = originOf(entry, this.#format.name);
    if (!origin && !this.#isAsked(type)) return this.#leave("otherType");
    const { session: asked } = this.#options;
    if (asked !== undefined && session !== asked) return this.#leave("otherSession");
    const text = origin && (await this.#content(entry));
    if (text === null) return this.#leave("erased");
    this.writer.session?.(session);
    if (text !== undefined) {
      return this.#takenOver({ seq: entry.seq, text, wasRight: origin?.problem === null });
    }
    const { seq, time, hash } = entry;
    const event = memberOf(readLossless(line), "event")!;
    const record = this.writer.made({ seq, time, hash, event });
    this.#made++;
    return record;
  }

  #takenOver(record: TakenRecord): string | undefined {
    const written = this.writer.takenOver(record);
    if (!written) return this.#leave("wrong");
    if (written.isAsItWas) this.#asTheyWere++;
    else this.#chainedAnew++;
    return written.text;
  }

  #leave(why: LeftOut): undefined {
    this.#leftOut[why]++;
  }

  #isAsked(type: string): boolean {
    const types = this.#options.types ?? [this.#format.type];
    return types.some((one) => (one.endsWith(".") ? type.startsWith(one) : type === one));
  }

  /** The record's own bytes as text; null when they were erased. */
  async #content(entry: Entry): Promise<string | undefined | null> {
    try {
      const bytes = await this.#source.content(entry, "record");
      return bytes && (decodeUtf8(bytes) ?? "");
    } catch (error) {
      if (error instanceof SteleError && error.code === "CONTENT_ERASED") return null;
      throw error;
    }
  }

  #readImported({ event: { type, data } }: Entry): void {
    if (type !== "stele.imported") return;
    const { format, stated } = data as Readonly<Record<string, unknown>>;
    if (format !== this.#format.name || typeof stated !== "object" || stated === null) return;
    this.writer.stated?.(stated as Readonly<Record<string, unknown>>);
  }
}

interface Origin {
  readonly format?: unknown;
  readonly problem?: unknown;
}

/** What an entry that was taken over from a file of the format says of it. */
function originOf({ event: { data, content } }: Entry, format: string): Origin | undefined {
  if (content?.["record"] === undefined || typeof data !== "object" || data === null) {
    return undefined;
  }
  const { origin } = data as { readonly origin?: Origin | null };
  return origin?.format === format ? origin : undefined;
}
