import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import type { Disk, DiskLock, DiskStep, ReadableFile, WritableFile } from "../disk.ts";
import type { ThreadStep } from "./disk-calls.ts";
import { coded } from "./disk-error.ts";
import { DiskThread } from "./disk-thread.ts";
import { NodeReadableFile } from "./readable-file.ts";
import { NodeWritableFile, portable } from "./writable-file.ts";

/**
 * The machine's file system. Everything that changes it, and what is read through writable files,
 * happens in one thread of the disk's own, in order; plain reading happens in Node's thread pool.
 */
export function nodeDisk(): Disk {
  return new NodeDisk();
}

/** A pipe in the place of a file must not be waited for: it is as good as empty. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

class NodeDisk implements Disk {
  readonly #thread = new DiskThread();

  list(directory: string): Promise<readonly string[]> {
    return coded("list", directory, readdir(directory));
  }

  async openRead(path: string): Promise<ReadableFile> {
    return new NodeReadableFile(path, await coded("open", path, open(path, READ)));
  }

  async openWrite(path: string): Promise<WritableFile> {
    return new NodeWritableFile(this.#thread, await this.#thread.call("openWrite", path));
  }

  makeDirectory(directory: string): Promise<void> {
    return this.#thread.call("makeDirectory", directory);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#thread.call("rename", from, to);
  }

  remove(path: string): Promise<void> {
    return this.#thread.call("remove", path);
  }

  removeDirectory(directory: string): Promise<void> {
    return this.#thread.call("removeDirectory", directory);
  }

  syncDirectory(directory: string): Promise<void> {
    return this.#thread.call("syncDirectory", directory);
  }

  async run(steps: readonly DiskStep[]): Promise<void> {
    await this.#thread.call("run", steps.map(threadStep));
  }

  async lock(path: string): Promise<DiskLock> {
    const lock = await this.#thread.call("lock", path);
    let released: Promise<void> | undefined;
    return { release: () => (released ??= this.#thread.call("unlock", lock)) };
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}

function threadStep(step: DiskStep): ThreadStep {
  if (step.kind === "replace") return { ...step, bytes: portable(step.bytes) };
  const file = step.file as NodeWritableFile;
  return step.kind === "sync" ? file.syncStep() : file.writeStep(step.bytes, step.offsetBytes);
}
