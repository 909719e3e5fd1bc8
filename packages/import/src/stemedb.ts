import { toHex } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { ByteWindow } from "./byte-window.ts";
import type { CheckContext, Format, OriginEntry, Scan } from "./format.ts";
import { MARK_BYTES } from "./range-crc.ts";
import { Findings, type Place, type Report } from "./report.ts";
import { readNumbering, type Numbering, type Segment } from "./segments.ts";
import { Gap, type Bad } from "./stemedb-gap.ts";
import { mapStemedb } from "./stemedb-map.ts";
import {
  HASH_AT,
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  RecordSums,
  type Coverage,
  type Sums,
} from "./stemedb-record.ts";
import { RecordSearch } from "./stemedb-search.ts";

/** So many entries, or so many bytes of them, are handed on together. */
const TAKEN_ENTRIES = 1000;
const TAKEN_BYTES = 1024 * 1024;

const UNPROTECTED = [
  "the order: no record names the one before, so records can be swapped, taken out and repeated",
  "the end: records cut off at the end look like a torn tail, which recovery removes",
  "everything: there is no key, so whoever can write the file can make any record",
  "the length is covered by no checksum of its own; a wrong one shows as a wrong checksum",
];

/** Record v2 of stemedb's write-ahead log, in a file or in segments. */
export const stemedb: Format = {
  name: "stemedb",
  neededBytes(untrusted, sizeBytes) {
    if (untrusted.length < HEADER_BYTES) return 0;
    const length = new DataView(untrusted.buffer, untrusted.byteOffset).getUint32(0, true);
    const end = HEADER_BYTES + length;
    return length <= MAX_PAYLOAD_BYTES && end <= sizeBytes ? end : 0;
  },
  async recognise(untrusted) {
    const scan = new StemedbScan({ keepEntries: true }, await RecordSums.create());
    scan.write(untrusted);
    scan.flush();
    const [first] = scan.take();
    if (!first) return undefined;
    const which = first.offsetBytes === 0 ? "its first record" : "a record in it";
    return `${which} has the right BLAKE3 hash and CRC32C`;
  },
  scan: async (context) => new StemedbScan(context, await RecordSums.create()),
  map: mapStemedb,
};

class StemedbScan implements Scan {
  readonly #isKept: boolean;
  readonly #sums: RecordSums;
  readonly #findings = new Findings();
  readonly #window = new ByteWindow();
  readonly #search: RecordSearch;
  readonly #segments: readonly Segment[];
  readonly #numbering: Numbering;
  /** The present segment, and where it begins and ends. */
  #segment = -1;
  #segmentStart = 0;
  #segmentEnd = 0;
  #isWhole = false;
  /** Where the next record begins, or where the search for it goes on. */
  #at = 0;
  #gap: Gap | undefined;
  #coverage: Coverage | undefined;
  readonly #coverages = new Set<Coverage>();
  #kept: OriginEntry[] = [];
  #keptBytes = 0;
  #entries = 0;
  #bad = 0;
  #behind = 0;
  /** What is said of each record behind bad bytes. */
  #problem: string | null = null;
  /** The stated hash of the last record. */
  readonly #head = new Uint8Array(HEADER_BYTES - HASH_AT);

  constructor(context: Pick<CheckContext, "keepEntries" | "segments">, sums: RecordSums) {
    this.#isKept = context.keepEntries === true;
    this.#sums = sums;
    this.#search = new RecordSearch(this.#window, sums);
    this.#segments = context.segments ?? [];
    this.#numbering = readNumbering(this.#segments);
    for (const note of this.#numbering.notes) this.#findings.note(note);
    this.#nextSegment();
  }

  write(chunk: Uint8Array): void {
    this.#window.append(chunk);
    if (!this.#isKept) this.#run();
  }

  flush(): void {
    this.#isWhole = true;
  }

  take(): readonly OriginEntry[] {
    this.#run();
    const kept = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    return kept;
  }

  end(): Report {
    this.#isWhole = true;
    while (this.#step());
    const { first } = this.#findings;
    if (this.#entries === 0 && first && first.code !== "torn") {
      const message = `no stemedb record: ${first.message}`;
      throw new SteleError("IMPORT_WRONG_FORMAT", message, { offset: 0 });
    }
    this.#addNotes();
    return {
      format: "stemedb",
      entries: this.#entries,
      headHash: this.#entries === 0 ? null : toHex(this.#head),
      keyed: false,
      sizeBytes: this.#window.end,
      stated: {},
      ...this.#findings.summary(),
      unprotected: UNPROTECTED,
    };
  }

  #addNotes(): void {
    if (this.#window.end === 0) this.#findings.note("the file is empty: a log not begun yet");
    for (const coverage of this.#coverages) {
      this.#findings.note(`the CRC32C is over ${coverage}, little-endian`);
    }
    if (this.#behind > 0) {
      this.#findings.note(
        `${this.#behind} good records lie behind bad bytes: they can be salvaged`,
      );
    }
  }

  /** Reads what there is, or as many entries as are handed on together. */
  #run(): void {
    while (this.#kept.length < TAKEN_ENTRIES && this.#keptBytes < TAKEN_BYTES) {
      if (!this.#step()) return;
    }
  }

  /** Where the present segment ends, as far as is known. */
  get #limit(): number {
    return this.#isWhole ? Math.min(this.#segmentEnd, this.#window.end) : this.#segmentEnd;
  }

  /** One record, or one stretch of a search; false when more bytes are needed, or none are left. */
  #step(): boolean {
    if (this.#gap) return this.#searchOn(this.#gap);
    if (this.#at === this.#limit) return this.#nextSegment();
    const { end } = this.#window;
    if (this.#at + HEADER_BYTES > this.#limit) {
      if (this.#limit > end) return false;
      return this.#begin({ ...INCOMPLETE, reason: "the header is incomplete" });
    }
    if (this.#at + HEADER_BYTES > end) return false;
    const length = this.#window.uint32(this.#at);
    if (length > MAX_PAYLOAD_BYTES) {
      const most = `the longest that is read, ${MAX_PAYLOAD_BYTES} bytes`;
      const reason = `the payload's length is ${length}, more than ${most}, or it is wrong`;
      return this.#begin({ reason, isIncomplete: false, isPartlyWritten: false });
    }
    const recordEnd = this.#at + HEADER_BYTES + length;
    if (Math.min(recordEnd, this.#limit) > end) return false;
    return recordEnd > this.#limit ? this.#beginIncomplete() : this.#check(recordEnd);
  }

  #check(recordEnd: number): boolean {
    const sizeBytes = recordEnd - this.#at;
    if (!this.#search.mayHash(sizeBytes, false)) {
      if (!this.#search.isCrcRight(this.#at)) return this.#begin(CRC_WRONG);
      if (!this.#search.mayHash(sizeBytes, true)) return this.#begin(NOT_HASHED);
    }
    const record = this.#window.bytes(this.#at, recordEnd);
    const sums = this.#sums.of(record);
    if (sums.coverage === undefined || !sums.isHashRight)
      return this.#begin(wrong(sums, sizeBytes));
    this.#search.succeeded(sizeBytes);
    this.#accept(record, sums.coverage);
    return true;
  }

  #beginIncomplete(): boolean {
    const rest = this.#window.bytes(this.#at, this.#limit);
    if (this.#search.mayHash(rest.length, false) && this.#sums.isHashOf(rest)) {
      const reason = "the length is wrong: the bytes to the end are a whole payload, by its BLAKE3";
      return this.#begin({ reason, isIncomplete: false, isPartlyWritten: false });
    }
    const reason = "the payload is incomplete, or the length is wrong";
    return this.#begin({ ...INCOMPLETE, reason });
  }

  #begin(bad: Bad): true {
    this.#gap = new Gap(this.#place(this.#at), bad);
    this.#bad++;
    this.#at++;
    return true;
  }

  #searchOn(gap: Gap): boolean {
    const limit = this.#limit;
    const { from, found } = this.#search.run(gap, this.#at, limit);
    this.#at = from;
    if ("needs" in found && found.needs === "more bytes") return false;
    const isFound = "at" in found;
    if (!isFound) this.#at = limit;
    const isLast = this.#isLastWithBytes();
    const { code, message } = isFound ? gap.before(found.at) : gap.upTo(limit, isLast);
    this.#findings.add(code, gap.place, message);
    this.#problem = `behind bad bytes: ${gap.place.offsetBytes} to ${this.#at}`;
    this.#gap = undefined;
    return true;
  }

  /** Whether nothing is known to follow the present segment. */
  #isLastWithBytes(): boolean {
    return this.#segments.slice(this.#segment + 1).every(({ sizeBytes }) => sizeBytes === 0);
  }

  /** False when there is none, or only the bytes that have not come yet. */
  #nextSegment(): boolean {
    const isLast = this.#segment >= this.#segments.length - 1;
    if (isLast && this.#segment >= 0) return false;
    this.#segment++;
    this.#segmentStart = this.#segmentEnd;
    const { sizeBytes = Number.POSITIVE_INFINITY } = this.#segments[this.#segment] ?? {};
    this.#segmentEnd = isLast ? Number.POSITIVE_INFINITY : this.#segmentStart + sizeBytes;
    const missing = this.#numbering.gaps.get(this.#segment);
    if (missing === undefined) return true;
    this.#findings.add("segment-missing", this.#place(this.#at), missing);
    return true;
  }

  #accept(record: Uint8Array, coverage: Coverage): void {
    this.#head.set(record.subarray(HASH_AT, HEADER_BYTES));
    if (this.#coverage !== undefined && this.#coverage !== coverage) {
      const message = `the CRC32C is over ${coverage} from here on, over ${this.#coverage} before`;
      this.#findings.add("coverage-changed", this.#place(this.#at), message);
    }
    this.#coverage = coverage;
    this.#coverages.add(coverage);
    if (this.#problem !== null) this.#behind++;
    if (this.#isKept) this.#keep(record);
    this.#entries++;
    this.#at += record.length;
    this.#window.discardTo(this.#at - MARK_BYTES);
  }

  #keep(record: Uint8Array): void {
    this.#kept.push({
      index: this.#entries,
      offsetBytes: this.#at,
      bytes: record.slice(),
      hash: toHex(this.#head),
      problem: this.#problem,
    });
    this.#keptBytes += record.length;
  }

  #place(offsetBytes: number): Place {
    const name = this.#segments[this.#segment]?.name;
    const segment = { name: name ?? "", offsetBytes: offsetBytes - this.#segmentStart };
    return {
      line: null,
      offsetBytes,
      index: this.#entries + this.#bad,
      ...(name !== undefined && { segment }),
    };
  }
}

const INCOMPLETE = { isIncomplete: true, isPartlyWritten: false };
const PARTLY_WRITTEN = { isIncomplete: false, isPartlyWritten: true };
/** Once much was hashed in vain, the CRC alone is looked at first. */
const CRC_WRONG: Bad = { ...PARTLY_WRITTEN, reason: "the CRC32C is wrong" };
const NOT_HASHED: Bad = {
  reason: "the CRC32C is right, but BLAKE3 was not computed: too many before were wrong",
  isIncomplete: false,
  isPartlyWritten: false,
};

function wrong({ coverage, isHashRight }: Sums, sizeBytes: number): Bad {
  // The CRC of no bytes is zero, and says nothing where all is zero.
  if (coverage !== undefined && sizeBytes > HEADER_BYTES) {
    const reason = `the BLAKE3 hash is not the payload's, though the CRC32C over ${coverage} is`;
    return { reason: `${reason} right`, isIncomplete: false, isPartlyWritten: false };
  }
  if (isHashRight) {
    const reason = "the CRC32C fits neither BLAKE3 and payload nor the payload";
    return { reason, isIncomplete: false, isPartlyWritten: false };
  }
  return { ...PARTLY_WRITTEN, reason: "neither the CRC32C nor the BLAKE3 hash is right" };
}
