import { SteleError } from "@stele/core/error";
import type { Disk, DiskLock, DiskStep, ReadableFile, WritableFile } from "./disk.ts";
import { TEMPORARY } from "./layout.ts";

/** No file in memory is larger. */
const MAX_FILE_BYTES = 2 ** 30;

/** The bytes of a file, whatever its name, or after it has none. */
interface Inode {
  bytes: Uint8Array;
  size: number;
}

/**
 * A disk in this process's memory: for journals that need not outlive it. Keeps the contract of
 * `Disk` but one: nothing is on stable storage. What is removed and nowhere open is freed.
 */
export class MemoryDisk implements Disk {
  readonly #directories = new Map<string, Set<string>>([["", new Set()]]);
  readonly #files = new Map<string, Inode>();
  readonly #locks = new Set<string>();
  #isClosed = false;

  /** How many bytes the files have. */
  get usedBytes(): number {
    return [...this.#files.values()].reduce((sum, { size }) => sum + size, 0);
  }

  async list(directory: string): Promise<readonly string[]> {
    return [...this.#names(directory)];
  }

  async makeDirectory(directory: string): Promise<void> {
    this.#requireOpen(directory);
    if (this.#directories.has(directory)) return;
    const [parent, name] = split(directory);
    await this.makeDirectory(parent);
    this.#directories.set(directory, new Set());
    this.#names(parent).add(name);
  }

  async openRead(path: string): Promise<ReadableFile> {
    return new MemoryFile(path, this.#inode(path), () => false);
  }

  async openWrite(path: string): Promise<WritableFile> {
    this.#requireOpen(path);
    if (!this.#files.has(path)) this.#add(path, { bytes: new Uint8Array(), size: 0 });
    return new MemoryFile(path, this.#inode(path), () => this.#isClosed);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#requireOpen(from);
    const inode = this.#inode(from);
    this.#add(to, inode);
    if (from !== to) this.#drop(from);
  }

  async remove(path: string): Promise<void> {
    this.#requireOpen(path);
    this.#inode(path);
    this.#drop(path);
  }

  async removeDirectory(directory: string): Promise<void> {
    this.#requireOpen(directory);
    if (this.#names(directory).size > 0) throw failed(directory, "it is not empty");
    this.#directories.delete(directory);
    const [parent, name] = split(directory);
    this.#names(parent).delete(name);
  }

  async syncDirectory(directory: string): Promise<void> {
    this.#names(directory);
  }

  async run(steps: readonly DiskStep[]): Promise<void> {
    // Before anything else runs: the bytes may change once this has returned.
    for (const step of steps) this.#step(step);
  }

  async lock(path: string): Promise<DiskLock> {
    this.#requireOpen(path);
    if (this.#locks.has(path)) {
      throw new SteleError("JOURNAL_LOCKED", `${path} is locked in this process`, { path });
    }
    if (!this.#files.has(path)) this.#add(path, { bytes: new Uint8Array(), size: 0 });
    this.#locks.add(path);
    let isHeld = true;
    const release = async (): Promise<void> => {
      if (isHeld) this.#locks.delete(path);
      isHeld = false;
    };
    return { release };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#locks.clear();
  }

  #step(step: DiskStep): void {
    if (step.kind === "replace") {
      const { path, bytes } = step;
      this.#requireOpen(path);
      const inode = { bytes: bytes.slice(), size: bytes.length };
      const [parent] = split(path);
      if (!this.#directories.has(parent)) throw notFound(`${path}${TEMPORARY}`);
      if (this.#files.has(`${path}${TEMPORARY}`)) this.#drop(`${path}${TEMPORARY}`);
      this.#add(path, inode);
      return;
    }
    const file = step.file as MemoryFile;
    if (step.kind === "sync") file.requireWritable();
    else file.put(step.bytes, step.offsetBytes);
  }

  #names(directory: string): Set<string> {
    const names = this.#directories.get(directory === "/" ? "" : directory);
    if (!names) throw notFound(directory);
    return names;
  }

  #inode(path: string): Inode {
    const inode = this.#files.get(path);
    if (!inode) throw notFound(path);
    return inode;
  }

  #add(path: string, inode: Inode): void {
    const [parent, name] = split(path);
    if (!this.#directories.has(parent)) throw notFound(path);
    this.#names(parent).add(name);
    this.#files.set(path, inode);
  }

  #drop(path: string): void {
    const [parent, name] = split(path);
    this.#files.delete(path);
    this.#names(parent).delete(name);
  }

  #requireOpen(path: string): void {
    if (this.#isClosed) throw failed(path, "the disk is closed");
  }
}

class MemoryFile implements WritableFile {
  readonly #path: string;
  readonly #inode: Inode;
  readonly #isOver: () => boolean;
  #isClosed = false;

  constructor(path: string, inode: Inode, isOver: () => boolean) {
    this.#path = path;
    this.#inode = inode;
    this.#isOver = isOver;
  }

  async size(): Promise<number> {
    this.#requireOpen();
    return this.#inode.size;
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<number> {
    this.#requireOpen();
    const { bytes, size } = this.#inode;
    const end = Math.min(size, offsetBytes + into.length);
    if (end <= offsetBytes) return 0;
    into.set(bytes.subarray(offsetBytes, end));
    return end - offsetBytes;
  }

  async write(bytes: Uint8Array, offsetBytes: number): Promise<void> {
    this.put(bytes, offsetBytes);
  }

  async sync(): Promise<void> {
    this.requireWritable();
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.requireWritable();
    const { bytes, size } = this.#inode;
    if (sizeBytes < size) bytes.fill(0, sizeBytes, size);
    this.#grow(sizeBytes);
    this.#inode.size = sizeBytes;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** Writes at once. */
  put(bytes: Uint8Array, offsetBytes: number): void {
    this.requireWritable();
    if (bytes.length === 0) return;
    const end = offsetBytes + bytes.length;
    this.#grow(end);
    this.#inode.bytes.set(bytes, offsetBytes);
    this.#inode.size = Math.max(this.#inode.size, end);
  }

  /** Throws when the file, or its disk, is closed. */
  requireWritable(): void {
    this.#requireOpen();
    if (this.#isOver()) throw failed(this.#path, "the disk is closed");
  }

  /** What lies behind the size is always zeros. */
  #grow(sizeBytes: number): void {
    const { bytes, size } = this.#inode;
    if (sizeBytes <= bytes.length) return;
    if (sizeBytes > MAX_FILE_BYTES) throw failed(this.#path, "it would be too large");
    const grown = new Uint8Array(Math.min(MAX_FILE_BYTES, Math.max(sizeBytes, 2 * bytes.length)));
    grown.set(bytes.subarray(0, size));
    this.#inode.bytes = grown;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw failed(this.#path, "the file is closed");
  }
}

function split(path: string): readonly [parent: string, name: string] {
  const at = path.lastIndexOf("/");
  return at < 0 ? ["", path] : [path.slice(0, at), path.slice(at + 1)];
}

function notFound(path: string): SteleError {
  return new SteleError("DISK_NOT_FOUND", `there is no ${path}`, { path });
}

function failed(path: string, why: string): SteleError {
  return new SteleError("DISK_IO", `${path}: ${why}`, { path });
}
