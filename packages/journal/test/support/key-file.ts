import { linkSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatSigningKey, parseSigningKey, type SigningKey } from "@stele/core/key";
import type { Journal, OpenOptions } from "@stele/journal";
import { primitives, testKey } from "./key.ts";
import type { MemoryDisk } from "./memory-disk.ts";
import { openInMemory } from "./memory-journal.ts";

/** A key in a file of its own, as STELE_KEY_FILE names it: Stele keeps it, and may replace it. */
export class TestKeyFile {
  readonly path: string;
  /** For opening: nothing else of the process's environment. */
  readonly environment: Readonly<Record<string, string>>;
  #links = 0;

  /** `root` is a directory that tests made. */
  constructor(root: string, key: SigningKey = testKey()) {
    this.path = join(mkdtempSync(join(root, "key-")), "key");
    this.environment = { STELE_KEY_FILE: this.path };
    writeFileSync(this.path, `${formatSigningKey(key)}\n`, { mode: 0o600 });
  }

  /** The path of the key that waits for its epoch. */
  get nextPath(): string {
    return `${this.path}.next`;
  }

  /** The key that is in the file now. */
  get key(): SigningKey {
    return parseSigningKey(primitives, readFileSync(this.path, "utf8").trim());
  }

  /** Another name for the bytes that the file has now, which shows what becomes of them. */
  holdOld(): string {
    const link = `${this.path}.old-${this.#links++}`;
    linkSync(this.path, link);
    return link;
  }

  /** Opens the journal on the disk in memory with this key. */
  open(disk: MemoryDisk, options: OpenOptions = {}): Promise<Journal> {
    return openInMemory(disk, { signer: undefined, environment: this.environment, ...options });
  }
}

/** Whether nothing is left of a file's bytes but their number. */
export function isWiped(path: string): boolean {
  const bytes = readFileSync(path);
  return bytes.length > 0 && bytes.every((byte) => byte === 0);
}
