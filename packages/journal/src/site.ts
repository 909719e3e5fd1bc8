import {
  formatBundlePath,
  formatTilePath,
  parseBundlePath,
  parseTilePath,
  TILE_WIDTH,
  tileLevels,
  tileRow,
} from "@stele/core/tile";
import { readFileIfAny, type Disk } from "@stele/store";
import { orUndefined } from "@stele/store/reading";

/** What is handed to the disk at once. */
const TOGETHER_BYTES = 1024 * 1024;
/** A directory has the tiles of a thousand indexes. */
const TILES_PER_DIRECTORY = 1000;

interface File {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The files of a published log, below one directory. Each is whole and synced under its name. */
export class Site {
  /** How many files were written. */
  written = 0;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #touched = new Set<string>();
  #pending: File[] = [];
  #pendingBytes = 0;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** Writes the file, now or with those that follow. `path` is relative, as tile paths are. */
  async put(path: string, bytes: Uint8Array): Promise<void> {
    this.#pending.push({ path, bytes });
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= TOGETHER_BYTES) await this.#flush();
  }

  /** Makes all that was put durable, names included. */
  async settle(): Promise<void> {
    await this.#flush();
    for (const holder of this.#touched) await this.#disk.syncDirectory(this.#at(holder));
    this.#touched.clear();
  }

  /** Whether there is such a file. */
  async has(path: string): Promise<boolean> {
    const file = await orUndefined(this.#disk.openRead(this.#at(path)));
    await file?.close();
    return file !== undefined;
  }

  /** The file's bytes; undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined> {
    return readFileIfAny(this.#disk, this.#at(path));
  }

  /** Removes the partial tiles and bundles whose full one a log of this size has, and is there. */
  async removePartials(size: number): Promise<void> {
    for (let level = 0; level < tileLevels(size); level++) {
      const { full } = tileRow(level, size);
      for (let index = 0; index < full; index += TILES_PER_DIRECTORY) {
        const tile = { level, index, width: TILE_WIDTH };
        await this.#removePartialsIn(holderOf(formatTilePath(tile)), full);
        if (level === 0) await this.#removePartialsIn(holderOf(formatBundlePath(tile)), full);
      }
    }
  }

  async #removePartialsIn(holder: string, full: number): Promise<void> {
    const names = (await orUndefined(this.#disk.list(this.#at(holder)))) ?? [];
    for (const name of names.filter((candidate) => candidate.endsWith(".p"))) {
      const path = `${holder}/${name}`;
      const { index } =
        parseTilePath(path.slice(0, -2)) ?? parseBundlePath(path.slice(0, -2)) ?? {};
      if (index === undefined || index >= full) continue;
      // Of entries that were pruned in between there is no full bundle.
      if (!(await this.has(path.slice(0, -2)))) continue;
      for (const width of await this.#disk.list(this.#at(path))) {
        await this.#disk.remove(this.#at(`${path}/${width}`));
      }
      await this.#disk.removeDirectory(this.#at(path));
    }
  }

  async #flush(): Promise<void> {
    const files = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    for (const { path } of files) await this.#makeHolders(holderOf(path));
    await this.#disk.run(
      files.map(({ path, bytes }) => ({ kind: "replace", path: this.#at(path), bytes })),
    );
    this.written += files.length;
  }

  /** Each directory on the way gets a new name, or may have got one before a crash. */
  async #makeHolders(holder: string): Promise<void> {
    if (this.#touched.has(holder)) return;
    await this.#disk.makeDirectory(this.#at(holder));
    for (let path = holder; path !== ""; path = holderOf(path)) this.#touched.add(path);
    this.#touched.add("");
  }

  #at(path: string): string {
    return path === "" ? this.#directory : `${this.#directory}/${path}`;
  }
}

function holderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
