import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { parseSize } from "@stele/core/checkpoint";
import type { Hasher } from "@stele/core/hash";
import { readFileIfAny } from "./files.ts";
import { HEAD, join } from "./layout.ts";
import type { World } from "./world.ts";

/**
 * The durable mark: rewritten in place after each commit, without a sync. It may be old after a
 * power cut; it never runs ahead of the ledger unless the ledger lost something.
 */
export interface Head {
  /** Sealed entries on disk. */
  readonly size: number;
  /** The `first` of the segment that holds the last of them. */
  readonly segment: number;
  /** That segment's length up to and including its last seal. */
  readonly segmentBytes: number;
}

/** The file's length: three decimals, 16 hex digits of SHA-256 over them, a newline. */
export const HEAD_BYTES = 64;

/**
 * The 64 bytes: `size segment bytes check\n`, the numbers padded with zeros to 16, 16 and 12
 * digits.
 */
export function formatHead(hasher: Hasher, head: Head): Uint8Array {
  const fields = [
    String(head.size).padStart(16, "0"),
    String(head.segment).padStart(16, "0"),
    String(head.segmentBytes).padStart(12, "0"),
  ].join(" ");
  return utf8(`${fields} ${check(hasher, fields)}\n`);
}

/** Reads a head; undefined when a crash tore it, or when it is not one. */
function parseHead(hasher: Hasher, untrusted: Uint8Array): Head | undefined {
  const text = untrusted.length === HEAD_BYTES ? decodeUtf8(untrusted) : undefined;
  const match = /^(([0-9]{16}) ([0-9]{16}) ([0-9]{12})) ([0-9a-f]{16})\n$/.exec(text ?? "");
  if (!match || check(hasher, match[1]!) !== match[5]) return undefined;
  const [size, segment, segmentBytes] = match.slice(2, 5).map(unpad);
  if (size === undefined || segment === undefined || segmentBytes === undefined) return undefined;
  return { size, segment, segmentBytes };
}

function check(hasher: Hasher, fields: string): string {
  return hasher.sha256(utf8(`stele head ${fields}`)).slice(0, 16);
}

function unpad(digits: string): number | undefined {
  return parseSize(digits.replace(/^0+(?=[0-9])/, ""));
}

/** The durable mark, or why there is none. */
export async function readHead(
  world: Pick<World, "disk" | "primitives">,
  directory: string,
): Promise<Head | "missing" | "torn"> {
  const bytes = await readFileIfAny(world.disk, join(directory, HEAD), HEAD_BYTES);
  if (!bytes) return "missing";
  return parseHead(world.primitives, bytes) ?? "torn";
}
