import { SteleError } from "@stele/core/error";
import type { Disk } from "@stele/store";

type WritableFile = Awaited<ReturnType<Disk["openWrite"]>>;
type DiskStep = Parameters<Disk["run"]>[0][number];

/** A disk in memory that never fails by itself, and whose files tests may look at and change. */
export class MemoryDisk implements Disk {
  /** The content by path. */
  readonly files: Map<string, Uint8Array>;
  /** Awaited before each run: to hold a commit back, or to make it fail. */
  beforeRun: (steps: readonly DiskStep[]) => Promise<void> = async () => {};
  readonly #directories: Set<string>;
  readonly #handles = new Set<MemoryFile>();

  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    this.files = new Map(files);
    this.#directories = new Set([...this.files.keys()].flatMap(parentsOf));
  }

  async list(directory: string): Promise<readonly string[]> {
    if (!this.#directories.has(directory)) throw notFound(directory);
    const paths = [...this.files.keys(), ...this.#directories];
    const inside = paths.filter((path) => path.startsWith(`${directory}/`));
    return [...new Set(inside.map((path) => path.slice(directory.length + 1).split("/")[0]!))];
  }

  async makeDirectory(directory: string): Promise<void> {
    for (const path of parentsOf(`${directory}/`)) this.#directories.add(path);
  }

  async openRead(path: string): Promise<WritableFile> {
    if (!this.files.has(path)) throw notFound(path);
    return this.#handle(path);
  }

  async openWrite(path: string): Promise<WritableFile> {
    if (!this.files.has(path)) this.files.set(path, new Uint8Array());
    return this.#handle(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#unname(to);
    this.files.set(to, this.files.get(from)!);
    this.#unname(from);
  }

  async remove(path: string): Promise<void> {
    this.#unname(path);
  }

  async removeDirectory(directory: string): Promise<void> {
    this.#directories.delete(directory);
  }

  async syncDirectory(): Promise<void> {}

  async run(steps: readonly DiskStep[]): Promise<void> {
    await this.beforeRun(steps);
    for (const step of steps) {
      if (step.kind === "write") await step.file.write(step.bytes, step.offsetBytes);
      if (step.kind === "replace") this.files.set(step.path, new Uint8Array(step.bytes));
    }
  }

  async lock(): Promise<{ release(): Promise<void> }> {
    return { release: async () => {} };
  }

  async close(): Promise<void> {}

  #handle(path: string): MemoryFile {
    const file = new MemoryFile(this.files, path, () => this.#handles.delete(file));
    this.#handles.add(file);
    return file;
  }

  /** Who has the file open keeps it. */
  #unname(path: string): void {
    for (const handle of this.#handles) handle.keep(path);
    this.files.delete(path);
  }
}

class MemoryFile implements WritableFile {
  #files: Map<string, Uint8Array>;
  readonly #path: string;
  readonly #onClose: () => void;

  constructor(files: Map<string, Uint8Array>, path: string, onClose: () => void) {
    this.#files = files;
    this.#path = path;
    this.#onClose = onClose;
  }

  keep(path: string): void {
    const bytes = this.#files.get(path);
    if (path === this.#path && bytes) this.#files = new Map([[path, bytes]]);
  }

  async size(): Promise<number> {
    return this.#bytes.length;
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<number> {
    const bytes = this.#bytes.subarray(offsetBytes, offsetBytes + into.length);
    into.set(bytes);
    return bytes.length;
  }

  async write(bytes: Uint8Array, offsetBytes: number): Promise<void> {
    await this.truncate(Math.max(this.#bytes.length, offsetBytes + bytes.length));
    this.#bytes.set(bytes, offsetBytes);
  }

  /** Copies, so that disks made of one map of files never change each other's. */
  async truncate(sizeBytes: number): Promise<void> {
    const bytes = new Uint8Array(sizeBytes);
    bytes.set(this.#bytes.subarray(0, sizeBytes));
    this.#files.set(this.#path, bytes);
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {
    this.#onClose();
  }

  get #bytes(): Uint8Array {
    return this.#files.get(this.#path)!;
  }
}

function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function notFound(path: string): SteleError {
  return new SteleError("DISK_NOT_FOUND", `there is no ${path}`, { path });
}
