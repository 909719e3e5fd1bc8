import type { ByteWindow } from "./byte-window.ts";
import { MAX_RECORD_BYTES } from "./format.ts";
import { MARK_BYTES, RangeCrc } from "./range-crc.ts";
import type { Gap } from "./stemedb-gap.ts";
import {
  COVERED_FROM,
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  type Coverage,
  type RecordSums,
} from "./stemedb-record.ts";

const CRC_AT = 4;
const COVERAGES = Object.keys(COVERED_FROM) as readonly Coverage[];
/** So many zero bytes begin no record: an empty payload's hash does not begin with zero. */
const ZERO_HEADER_BYTES = 9;

/** A record that a search found, or why it found none yet. */
export type Searched =
  | { readonly at: number }
  | { readonly needs: "more bytes" }
  | { readonly needs: "nothing: the end" };

/**
 * Looks at every byte behind a bad record for where good ones go on. The work is linear in the
 * file's size: a length refuses most places, the CRC of a range costs the same for any length, and
 * BLAKE3 is only computed where the CRC is right. Hashing in vain is bounded too, by the bytes
 * that came and one record more; what it leaves out is said.
 */
export class RecordSearch {
  readonly #window: ByteWindow;
  readonly #sums: RecordSums;
  readonly #crc: RangeCrc;
  #vainBytes = 0;

  constructor(window: ByteWindow, sums: RecordSums) {
    this.#window = window;
    this.#sums = sums;
    this.#crc = new RangeCrc(window);
  }

  /**
   * Whether so many bytes may be hashed, perhaps in vain; `succeeded` gives them back. Half of what
   * may be in vain is kept for records whose CRC is known to be right.
   */
  mayHash(count: number, isCrcRight: boolean): boolean {
    const most = MAX_RECORD_BYTES + this.#window.end;
    if (this.#vainBytes + count > (isCrcRight ? most : most / 2)) return false;
    this.#vainBytes += count;
    return true;
  }

  succeeded(count: number): void {
    this.#vainBytes -= count;
  }

  /** Whether the CRC of the record at `at`, which is whole, is right in one of its coverages. */
  isCrcRight(at: number): boolean {
    const end = at + HEADER_BYTES + this.#window.uint32(at);
    const stated = this.#window.uint32(at + CRC_AT);
    return COVERAGES.some((one) => this.#crc.of(at + COVERED_FROM[one], end) === stated);
  }

  /** Goes on from `from`; `limit` is where the segment ends. Returns where to go on, and why. */
  run(gap: Gap, from: number, limit: number): { readonly from: number; readonly found: Searched } {
    const window = this.#window;
    let at = from;
    for (; at + HEADER_BYTES <= limit; at++) {
      if (at + HEADER_BYTES > window.end) return this.#stop(gap, at, "more bytes");
      const length = window.uint32(at);
      const end = at + HEADER_BYTES + length;
      if (length > MAX_PAYLOAD_BYTES || end > limit) continue;
      if (length === 0 && window.uint32(at + CRC_AT) === 0) {
        const behind = this.#behindZeros(at, Math.min(limit, window.end));
        if (behind > at) {
          at = behind - 1;
          continue;
        }
      }
      if (end > window.end) return this.#stop(gap, at, "more bytes");
      if (!this.isCrcRight(at)) continue;
      if (!this.mayHash(end - at, true)) gap.unchecked ??= at;
      else if (this.#sums.isHashOf(window.bytes(at, end))) {
        this.succeeded(end - at);
        gap.see(window, at);
        return { from: at, found: { at } };
      }
    }
    if (limit > window.end) return this.#stop(gap, at, "more bytes");
    gap.see(window, limit);
    return { from: at, found: { needs: "nothing: the end" } };
  }

  #stop(gap: Gap, at: number, needs: "more bytes"): { from: number; found: Searched } {
    const done = Math.min(at, this.#window.end);
    gap.see(this.#window, done);
    this.#window.discardTo(done - MARK_BYTES);
    this.#crc.discardTo(done - MARK_BYTES);
    return { from: at, found: { needs } };
  }

  /** Where a record can begin at the earliest, if zeros begin at `at`. */
  #behindZeros(at: number, end: number): number {
    const bytes = this.#window.bytes(at, end);
    let zeros = 0;
    while (zeros < bytes.length && bytes[zeros] === 0) zeros++;
    return zeros < ZERO_HEADER_BYTES ? at : at + zeros - ZERO_HEADER_BYTES + 1;
  }
}
