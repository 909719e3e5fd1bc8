import { decodeUtf8, equalBytes } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import type { Hasher } from "@stele/core/hash";
import { parseVerifierKey, type VerifierKey } from "@stele/core/key";
import { readFileIfAny, type Disk } from "@stele/store";

/** The keys of each log that a witness watches, by origin. The name of a key is its log's origin. */
export type WatchedLogs = ReadonlyMap<string, readonly VerifierKey[]>;

/**
 * Reads a list of logs: a vkey a line, blank lines and lines that begin with `#` left out. Throws
 * KEY_MALFORMED with the line.
 */
export function parseLogList(hasher: Hasher, untrusted: Uint8Array, path: string): WatchedLogs {
  const logs = new Map<string, VerifierKey[]>();
  for (const [index, line] of (decodeUtf8(untrusted) ?? "not UTF-8").split("\n").entries()) {
    const text = line.trim();
    if (text === "" || text.startsWith("#")) continue;
    const key = parseKey(hasher, text, `${path} line ${index + 1}`);
    logs.set(key.name, [...(logs.get(key.name) ?? []), key]);
  }
  return logs;
}

function parseKey(hasher: Hasher, text: string, place: string): VerifierKey {
  try {
    return parseVerifierKey(hasher, text, ["ed25519"]);
  } catch (cause) {
    if (!(cause instanceof SteleError)) throw cause;
    throw new SteleError("KEY_MALFORMED", `${place}: ${cause.message}`, { cause });
  }
}

/** A list of logs in a file that people edit while it is used. */
export class LogListFile {
  readonly #disk: Disk;
  readonly #hasher: Hasher;
  readonly #path: string;
  readonly #log: (line: string) => void;
  #bytes: Uint8Array | undefined;
  #logs: WatchedLogs = new Map();

  /** `log` takes a line for people. */
  constructor(
    world: { readonly disk: Disk; readonly primitives: Hasher },
    path: string,
    log: (line: string) => void,
  ) {
    this.#disk = world.disk;
    this.#hasher = world.primitives;
    this.#path = path;
    this.#log = log;
  }

  /**
   * What the file says now. Throws KEY_MALFORMED at first; once there was a good list, a malformed
   * one is reported and the good one stays in use.
   */
  async read(): Promise<WatchedLogs> {
    const bytes = (await readFileIfAny(this.#disk, this.#path)) ?? new Uint8Array();
    const before = this.#bytes;
    if (before && equalBytes(before, bytes)) return this.#logs;
    try {
      this.#logs = parseLogList(this.#hasher, bytes, this.#path);
    } catch (error) {
      if (!before || !(error instanceof SteleError)) throw error;
      this.#log(`the list of logs is not read, the one before stays in use: ${error.message}`);
    }
    this.#bytes = bytes;
    return this.#logs;
  }
}
