import type { ByteWindow } from "./byte-window.ts";

/** CRC-32C (Castagnoli), reflected. */
const POLYNOMIAL = 0x82f63b78;
/** The CRC's register is noted at every so many bytes. */
export const MARK_BYTES = 64;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let register = byte;
  for (let bit = 0; bit < 8; bit++) register = timesX(register);
  return register;
});

/** One step of the register: times x, modulo the polynomial. */
function timesX(register: number): number {
  return (register & 1) === 1 ? (register >>> 1) ^ POLYNOMIAL : register >>> 1;
}

/** The product of two polynomials modulo that of the CRC. */
function times(left: number, right: number): number {
  let product = 0;
  let shifted = right;
  for (let bit = 31; bit >= 0; bit--) {
    if (((left >>> bit) & 1) === 1) product ^= shifted;
    shifted = timesX(shifted);
  }
  return product;
}

/** 4 tables of 256: what a step of 2^power zero bytes does to each byte of a register. */
const STEP_ENTRIES = 1024;
const POWERS = 27;
const STEPS = new Int32Array(POWERS * STEP_ENTRIES);

function fillSteps(): void {
  // x to the power of 8: one zero byte.
  let factor = 1 << 23;
  for (let power = 0; power < POWERS; power++) {
    for (let at = 0; at < STEP_ENTRIES; at++) {
      const byte = at & 0xff;
      const lowest = byte & -byte;
      // A product is the sum of those of the bits.
      STEPS[power * STEP_ENTRIES + at] =
        byte === lowest
          ? times(factor, byte << (8 * (at >> 8)))
          : STEPS[power * STEP_ENTRIES + at - lowest]! ^
            STEPS[power * STEP_ENTRIES + (at & ~0xff) + lowest]!;
    }
    factor = times(factor, factor);
  }
}

fillSteps();

/** The register after so many zero bytes, less than 2^27. */
function afterZeros(register: number, count: number): number {
  let after = register;
  for (let step = 0, left = count; left > 0; step += STEP_ENTRIES, left >>>= 1) {
    if ((left & 1) === 0) continue;
    after =
      STEPS[step + (after & 0xff)]! ^
      STEPS[step + 256 + ((after >>> 8) & 0xff)]! ^
      STEPS[step + 512 + ((after >>> 16) & 0xff)]! ^
      STEPS[step + 768 + (after >>> 24)]!;
  }
  return after;
}

/**
 * The CRC-32C of any range of a window at about the same cost, however long the range is: each
 * byte goes through the register once, and a range follows from the registers at its two ends.
 * That is what makes a search for records linear.
 */
export class RangeCrc {
  readonly #window: ByteWindow;
  #marks = new Int32Array(1024);
  #count = 0;
  /** The offset of the first mark. */
  #start = 0;
  #lastEnd = -1;
  #lastRegister = 0;

  constructor(window: ByteWindow) {
    this.#window = window;
  }

  /** Of the bytes from `from` up to `to`; `from` does not go back by more than MARK_BYTES. */
  of(from: number, to: number): number {
    const end = this.#start + (this.#count - 1) * MARK_BYTES;
    if (this.#count === 0 || from > end + MARK_BYTES) this.#restart(from);
    const atEnd = this.#registerAtEnd(to);
    const register = afterZeros(~this.#registerAt(from), to - from) ^ atEnd;
    return ~register >>> 0;
  }

  /** Marks before `offset` are not needed again. */
  discardTo(offset: number): void {
    const gone = Math.min(Math.floor((offset - this.#start) / MARK_BYTES), this.#count - 1);
    if (gone <= this.#marks.length / 2) return;
    this.#marks.copyWithin(0, gone, this.#count);
    this.#count -= gone;
    this.#start += gone * MARK_BYTES;
  }

  #restart(offset: number): void {
    this.#start = offset;
    this.#lastEnd = -1;
    this.#marks[0] = 0;
    this.#count = 1;
  }

  /** The register at the end of a range, which is asked for twice in a row. */
  #registerAtEnd(offset: number): number {
    if (this.#lastEnd !== offset) {
      this.#lastRegister = this.#registerAt(offset);
      this.#lastEnd = offset;
    }
    return this.#lastRegister;
  }

  #registerAt(offset: number): number {
    const mark = Math.floor((offset - this.#start) / MARK_BYTES);
    while (this.#count <= mark) this.#addMark();
    return this.#run(this.#marks[mark]!, this.#start + mark * MARK_BYTES, offset);
  }

  #addMark(): void {
    if (this.#count === this.#marks.length) {
      const larger = new Int32Array(2 * this.#count);
      larger.set(this.#marks);
      this.#marks = larger;
    }
    const at = this.#start + (this.#count - 1) * MARK_BYTES;
    this.#marks[this.#count] = this.#run(this.#marks[this.#count - 1]!, at, at + MARK_BYTES);
    this.#count++;
  }

  #run(register: number, from: number, to: number): number {
    let after = register;
    const bytes = this.#window.bytes(from, to);
    for (let at = 0; at < bytes.length; at++) {
      after = (after >>> 8) ^ TABLE[(after ^ bytes[at]!) & 0xff]!;
    }
    return after;
  }
}
