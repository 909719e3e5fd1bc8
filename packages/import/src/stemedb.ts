import { crc32c } from "@aws-crypto/crc32c";
import { blake3 } from "@noble/hashes/blake3.js";
import { equalBytes, toHex } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import type { CheckContext, Format, OriginEntry, Scan } from "./format.ts";
import { Findings, type Place, type Report } from "./report.ts";

const LENGTH_BYTES = 4;
const CRC_BYTES = 4;
const HASH_BYTES = 32;
/** Length, CRC32C and BLAKE3 before each payload. */
const HEADER_BYTES: number = LENGTH_BYTES + CRC_BYTES + HASH_BYTES;
/** The largest segment that is read; a segment is in memory as a whole. */
const MAX_SEGMENT_BYTES: number = 1024 * 1024 * 1024;
/** The largest payload that is looked for behind a corrupt record. */
const MAX_SALVAGED_BYTES: number = 64 * 1024 * 1024;
/** How many bytes are hashed at most to find where good records go on. */
const SALVAGE_BUDGET_BYTES: number = 256 * 1024 * 1024;

const UNPROTECTED = [
  "the order: no record names the one before, so records can be swapped, taken out and repeated",
  "the end: records cut off at the end look like a torn tail, which recovery removes",
  "everything: there is no key, so whoever can write the file can make any record",
  "the length is covered by no checksum of its own; a wrong one shows as a wrong checksum",
];

/** What the CRC of a record is computed over. */
type Coverage = "BLAKE3 and payload" | "payload alone";

/** Record v2 of stemedb's write-ahead log. A directory's segments are one after the other. */
export const stemedb: Format = {
  name: "stemedb",
  recognise(untrusted) {
    const record = readRecord(untrusted, 0);
    return typeof record === "string"
      ? undefined
      : `its first record has the right BLAKE3 hash, and a CRC32C over ${record.coverage}`;
  },
  scan: (context) => new StemedbScan(context),
  map({ bytes, hash }) {
    return { type: "stemedb.record", data: { blake3: hash, sizeBytes: bytes.length } };
  },
};

interface StemedbRecord {
  readonly end: number;
  readonly hash: string;
  readonly coverage: Coverage;
}

/** The record at `start`, or what is wrong with it. */
function readRecord(untrusted: Uint8Array, start: number): StemedbRecord | string {
  if (untrusted.length - start < HEADER_BYTES) return "the header is incomplete";
  const view = new DataView(untrusted.buffer, untrusted.byteOffset);
  const end = start + HEADER_BYTES + view.getUint32(start, true);
  if (end > untrusted.length) return "the payload is incomplete, or the length is wrong";
  const crc = view.getUint32(start + LENGTH_BYTES, true);
  const hashed = untrusted.subarray(start + LENGTH_BYTES + CRC_BYTES, end);
  const coverage = coverageOf(crc, hashed);
  if (coverage === undefined) return "the CRC32C fits neither BLAKE3 and payload nor the payload";
  const stated = hashed.subarray(0, HASH_BYTES);
  if (!equalBytes(blake3(hashed.subarray(HASH_BYTES)), stated)) {
    return "the BLAKE3 hash is not the payload's";
  }
  return { end, hash: toHex(stated), coverage };
}

function coverageOf(crc: number, hashed: Uint8Array): Coverage | undefined {
  if (crc32c(hashed) === crc) return "BLAKE3 and payload";
  return crc32c(hashed.subarray(HASH_BYTES)) === crc ? "payload alone" : undefined;
}

class StemedbScan implements Scan {
  readonly #context: CheckContext;
  readonly #findings = new Findings();
  readonly #coverages = new Set<Coverage>();
  #parts: Uint8Array[] = [];
  #sizeBytes = 0;
  #kept: OriginEntry[] = [];
  #entries = 0;
  #bad = 0;
  #head: string | null = null;

  constructor(context: CheckContext) {
    this.#context = context;
  }

  write(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > MAX_SEGMENT_BYTES) {
      const message = `the segments are larger than ${MAX_SEGMENT_BYTES} bytes together`;
      throw new SteleError("IMPORT_TOO_LARGE", message, { offset: 0 });
    }
    this.#parts.push(chunk.slice());
  }

  take(): readonly OriginEntry[] {
    const kept = this.#kept;
    this.#kept = [];
    return kept;
  }

  end(): Report {
    const bytes = new Uint8Array(Buffer.concat(this.#parts));
    this.#parts = [];
    let at = 0;
    while (at < bytes.length) at = this.#next(bytes, at);
    if (this.#entries === 0 && this.#findings.first) {
      const message = `no stemedb record: ${this.#findings.first.message}`;
      throw new SteleError("IMPORT_WRONG_FORMAT", message, { offset: 0 });
    }
    for (const coverage of this.#coverages) {
      this.#findings.note(`the CRC32C is over ${coverage}, little-endian`);
    }
    return {
      format: "stemedb",
      entries: this.#entries,
      headHash: this.#head,
      keyed: false,
      sizeBytes: bytes.length,
      stated: {},
      ...this.#findings.summary(),
      unprotected: UNPROTECTED,
    };
  }

  /** Reads the record at `at`, good or bad; returns where to go on. */
  #next(bytes: Uint8Array, at: number): number {
    const record = readRecord(bytes, at);
    if (typeof record !== "string") {
      this.#accept(record, bytes, at);
      return record.end;
    }
    const next = nextGood(bytes, at);
    const place: Place = { line: null, offsetBytes: at, index: this.#entries + this.#bad };
    this.#bad++;
    if (next === undefined) {
      const lost = `${record}; no good record behind it: ${bytes.length - at} bytes, which `;
      const code = record.includes("incomplete") ? "torn" : "checksum-wrong";
      this.#findings.add(code, place, `${lost}recovery would cut off`);
      return bytes.length;
    }
    const message =
      `${record}; good records go on at byte ${next}, and are read: recovery would throw ` +
      "them away";
    this.#findings.add("checksum-wrong", place, message);
    return next;
  }

  #accept({ end, hash, coverage }: StemedbRecord, bytes: Uint8Array, at: number): void {
    this.#coverages.add(coverage);
    if (this.#context.keepEntries) {
      const copy = bytes.slice(at, end);
      const index = this.#entries;
      this.#kept.push({ index, offsetBytes: at, bytes: copy, hash, problem: null });
    }
    this.#entries++;
    this.#head = hash;
  }
}

/** Where the first good record behind a bad one begins: first where its length says, then anywhere. */
function nextGood(bytes: Uint8Array, bad: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let budget = SALVAGE_BUDGET_BYTES;
  const last = bytes.length - HEADER_BYTES;
  if (bad <= last) {
    const behind = bad + HEADER_BYTES + view.getUint32(bad, true);
    if (behind <= last && typeof readRecord(bytes, behind) !== "string") return behind;
  }
  for (let at = bad + 1; at <= last && budget > 0; at++) {
    const length = view.getUint32(at, true);
    if (length > MAX_SALVAGED_BYTES || at + HEADER_BYTES + length > bytes.length) continue;
    budget -= length + HEADER_BYTES;
    if (typeof readRecord(bytes, at) !== "string") return at;
  }
  return undefined;
}
