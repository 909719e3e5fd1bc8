import fs from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { ReadableFile } from "../disk.ts";
import { coded } from "./disk-error.ts";

/** A file that is only read, in Node's thread pool. */
export class NodeReadableFile implements ReadableFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  /** Reads that are under way: the descriptor is theirs until they end. */
  readonly #reading = new Set<Promise<number>>();

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
      const bytesRead = await this.#readSome(into.subarray(count), offsetBytes + count);
      if (bytesRead === 0) break;
      count += bytesRead;
    }
    return count;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#reading);
    return coded("close", this.#path, this.#handle.close());
  }

  async #readSome(into: Uint8Array, offsetBytes: number): Promise<number> {
    const reading = read(this.#handle.fd, into, offsetBytes);
    this.#reading.add(reading);
    try {
      return await coded("read", this.#path, reading);
    } finally {
      this.#reading.delete(reading);
    }
  }
}

/** `FileHandle.read` takes four times as long, and small reads of many places are frequent. */
function read(descriptor: number, into: Uint8Array, offsetBytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(descriptor, into, 0, into.byteLength, offsetBytes, (error, bytesRead) => {
      if (error) reject(error);
      else resolve(bytesRead);
    });
  });
}
