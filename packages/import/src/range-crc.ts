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

/** x to the power of 8, 16, 32, …: what 1, 2, 4, … zero bytes do to a register. */
const ZERO_BYTES = Int32Array.from({ length: 32 });
ZERO_BYTES[0] = 1 << 23;
for (let power = 1; power < 32; power++) {
  ZERO_BYTES[power] = times(ZERO_BYTES[power - 1]!, ZERO_BYTES[power - 1]!);
}

/** The register after so many zero bytes. */
function afterZeros(register: number, count: number): number {
  let shifted = register;
  for (let power = 0, left = count; left > 0; power++, left >>>= 1) {
    if ((left & 1) === 1) shifted = times(ZERO_BYTES[power]!, shifted);
  }
  return shifted;
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

  constructor(window: ByteWindow) {
    this.#window = window;
  }

  /** Of the bytes from `from` up to `to`; `from` does not go back by more than MARK_BYTES. */
  of(from: number, to: number): number {
    const end = this.#start + (this.#count - 1) * MARK_BYTES;
    if (this.#count === 0 || from > end + MARK_BYTES) this.#restart(from);
    const atEnd = this.#registerAt(to);
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
    this.#marks[0] = 0;
    this.#count = 1;
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
