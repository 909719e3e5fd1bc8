/** The stretch of a stream that is still needed, by offsets in the whole stream. */
export class ByteWindow {
  #buffer = new Uint8Array(0);
  #view = new DataView(this.#buffer.buffer);
  #from = 0;
  #to = 0;
  /** The offset of the first byte that is held. */
  start = 0;

  /** The offset behind the last byte that came. */
  get end(): number {
    return this.start + this.#to - this.#from;
  }

  append(chunk: Uint8Array): void {
    if (this.#to + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#to);
    this.#to += chunk.length;
  }

  /** Bytes before `offset` are not asked for again. */
  discardTo(offset: number): void {
    if (offset <= this.start) return;
    this.#from += offset - this.start;
    this.start = offset;
  }

  /** The bytes from `from` up to `to`; valid until the next append. */
  bytes(from: number, to: number): Uint8Array {
    const shift = this.#from - this.start;
    return this.#buffer.subarray(from + shift, to + shift);
  }

  /** The unsigned little-endian number of four bytes at `offset`. */
  uint32(offset: number): number {
    return this.#view.getUint32(offset + this.#from - this.start, true);
  }

  /** Moves what is held to the front, in a larger buffer if it would not be half empty then. */
  #makeRoom(needed: number): void {
    const held = this.#buffer.subarray(this.#from, this.#to);
    const wanted = 2 * (held.length + needed);
    if (wanted > this.#buffer.length) {
      const larger = new Uint8Array(wanted);
      larger.set(held);
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    } else {
      this.#buffer.copyWithin(0, this.#from, this.#to);
    }
    this.#to -= this.#from;
    this.#from = 0;
  }
}
