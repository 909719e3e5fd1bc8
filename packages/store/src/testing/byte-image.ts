/** The contents of a file: bytes that grow by doubling, with zeros where nothing was written. */
export class ByteImage {
  #buffer = new Uint8Array(64);
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** A view of the bytes, up to the end; good until the next change. */
  view(offsetBytes: number, lengthBytes: number): Uint8Array {
    const end = Math.min(this.#sizeBytes, offsetBytes + lengthBytes);
    return this.#buffer.subarray(Math.min(offsetBytes, end), end);
  }

  write(bytes: Uint8Array, offsetBytes: number): void {
    if (bytes.byteLength === 0) return;
    this.resize(Math.max(this.#sizeBytes, offsetBytes + bytes.byteLength));
    this.#buffer.set(bytes, offsetBytes);
  }

  resize(sizeBytes: number): void {
    if (sizeBytes > this.#buffer.byteLength) {
      const grown = new Uint8Array(Math.max(sizeBytes, 2 * this.#buffer.byteLength));
      grown.set(this.view(0, this.#sizeBytes));
      this.#buffer = grown;
    }
    if (sizeBytes < this.#sizeBytes) this.#buffer.fill(0, sizeBytes, this.#sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  copy(): ByteImage {
    const copy = new ByteImage();
    copy.write(this.view(0, this.#sizeBytes), 0);
    return copy;
  }
}
