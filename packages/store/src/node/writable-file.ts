import type { WritableFile } from "../disk.ts";
import type { ThreadFile, ThreadStep } from "./disk-calls.ts";
import { diskError } from "./disk-error.ts";
import type { DiskThread } from "./disk-thread.ts";

/** A file that only the disk's thread touches. */
export class NodeWritableFile implements WritableFile {
  readonly #thread: DiskThread;
  readonly #file: ThreadFile;
  #closed = false;

  constructor(thread: DiskThread, file: ThreadFile) {
    this.#thread = thread;
    this.#file = file;
  }

  async size(): Promise<number> {
    return this.#thread.call("size", this.#open("size"));
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<number> {
    const file = this.#open("read");
    const bytes = await this.#thread.call("read", file, into.byteLength, offsetBytes);
    into.set(bytes);
    return bytes.byteLength;
  }

  async write(bytes: Uint8Array, offsetBytes: number): Promise<void> {
    await this.#thread.call("run", [this.writeStep(bytes, offsetBytes)]);
  }

  async sync(): Promise<void> {
    await this.#thread.call("run", [this.syncStep()]);
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#thread.call("truncate", this.#open("truncate"), sizeBytes);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#thread.call("closeFile", this.#file);
  }

  writeStep(bytes: Uint8Array, offsetBytes: number): ThreadStep {
    return { kind: "write", file: this.#open("write"), bytes: portable(bytes), offsetBytes };
  }

  syncStep(): ThreadStep {
    return { kind: "sync", file: this.#open("sync") };
  }

  /**
   * The system gives a closed file's descriptor to the next file opened, so it must not be used
   * again.
   */
  #open(operation: string): ThreadFile {
    if (!this.#closed) return this.#file;
    const { path } = this.#file;
    throw diskError({ operation, path, code: "EBADF", message: "the file is closed" });
  }
}

/** A message carries the whole buffer under a view, so a view of a part is copied out first. */
export function portable(bytes: Uint8Array): Uint8Array {
  const { buffer } = bytes;
  const whole = buffer.byteLength === bytes.byteLength;
  return whole || buffer instanceof SharedArrayBuffer ? bytes : new Uint8Array(bytes);
}
