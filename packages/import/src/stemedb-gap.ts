import type { ByteWindow } from "./byte-window.ts";
import type { FindingCode, Place } from "./report.ts";

/** Zeros up to the end, this many: that is how a crash leaves blocks that were not written. */
const ZERO_TAIL_BYTES = 16;
/** Zeros within, this many: a sector that was not written, before others that were. */
const ZERO_SECTOR_BYTES = 512;

/** Why the record at the beginning of a gap cannot be read. */
export interface Bad {
  readonly reason: string;
  /** It goes on behind the end, as a record does that was being written. */
  readonly isIncomplete: boolean;
  /** Neither checksum is right, so that parts of it may never have been written. */
  readonly isPartlyWritten: boolean;
}

/** What a finding says about a gap, without its place. */
export interface Judgement {
  readonly code: FindingCode;
  readonly message: string;
}

/** A stretch of bytes, from a bad record on, in which no good record was found yet. */
export class Gap {
  readonly place: Place;
  readonly #bad: Bad;
  /** The bytes before it were looked at for zeros. */
  #seen: number;
  #zeros = 0;
  #mostZeros = 0;
  /** Where the first possible record is that was not checked. */
  unchecked: number | undefined;

  constructor(place: Place, bad: Bad) {
    this.place = place;
    this.#bad = bad;
    this.#seen = place.offsetBytes;
  }

  /** Looks at the bytes up to `end`; done before they leave the window. */
  see(window: ByteWindow, end: number): void {
    if (end <= this.#seen) return;
    const bytes = window.bytes(this.#seen, end);
    let zeros = this.#zeros;
    for (let at = 0; at < bytes.length; at++) {
      zeros = bytes[at] === 0 ? zeros + 1 : 0;
      if (zeros > this.#mostZeros) this.#mostZeros = zeros;
    }
    this.#zeros = zeros;
    this.#seen = end;
  }

  /** For a gap that ends at `next`, where a good record begins. */
  before(next: number): Judgement {
    const message =
      `${this.#bad.reason}; good records go on at byte ${next}, and are read: the original's ` +
      `recovery would throw them away${this.#notChecked()}`;
    return { code: "checksum-wrong", message };
  }

  /** For a gap that goes to the end of the file, or of a segment that is not the last. */
  upTo(end: number, isLastSegment: boolean): Judgement {
    const sizeBytes = end - this.place.offsetBytes;
    const none = this.unchecked === undefined ? "no" : "no other";
    const lost = `${none} good record behind it${this.#notChecked()}`;
    const message = `${this.#reason(sizeBytes)}; ${lost}: ${sizeBytes} bytes, which the original's`;
    const code = this.#isTorn(sizeBytes) ? "torn" : "checksum-wrong";
    if (isLastSegment) return { code, message: `${message} recovery would cut off` };
    const middle = `${message} recovery would cut off, though another segment follows`;
    return { code: code === "torn" ? "segment-torn" : code, message: middle };
  }

  #isTorn(sizeBytes: number): boolean {
    const { isIncomplete, isPartlyWritten } = this.#bad;
    return isIncomplete || (isPartlyWritten && this.#zeroWords(sizeBytes) !== undefined);
  }

  #reason(sizeBytes: number): string {
    const { reason, isPartlyWritten } = this.#bad;
    const zeros = isPartlyWritten ? this.#zeroWords(sizeBytes) : undefined;
    return zeros === undefined ? reason : `${reason}, and ${zeros}, as a crash leaves them`;
  }

  #zeroWords(sizeBytes: number): string | undefined {
    if (this.#zeros === sizeBytes) return `all ${sizeBytes} bytes to the end are zero`;
    if (this.#zeros >= ZERO_TAIL_BYTES) return `the last ${this.#zeros} bytes are zero`;
    const isSector = this.#mostZeros >= ZERO_SECTOR_BYTES;
    return isSector ? `${this.#mostZeros} bytes in it are zero` : undefined;
  }

  #notChecked(): string {
    if (this.unchecked === undefined) return "";
    const what = `; what may be a record at byte ${this.unchecked}`;
    return `${what} was not checked, as too many before it were wrong`;
  }
}
