import type { FileHandle } from "node:fs/promises";
import type { ReadableFile } from "../disk.ts";
import { coded } from "./disk-error.ts";

/** A file that is only read, in Node's thread pool. */
export class NodeReadableFile implements ReadableFile {
  readonly #path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await coded("size", this.#path, this.#handle.stat())).size;
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<number> {
    let count = 0;
    while (count < into.byteLength) {
      const rest = into.byteLength - count;
      const reading = this.#handle.read(into, count, rest, offsetBytes + count);
      const { bytesRead } = await coded("read", this.#path, reading);
      if (bytesRead === 0) break;
      count += bytesRead;
    }
    return count;
  }

  close(): Promise<void> {
    return coded("close", this.#path, this.#handle.close());
  }
}
