import type { MemoryDisk } from "./memory-disk.ts";
import { DIRECTORY } from "./memory-journal.ts";

/** A line of a ledger file. `end` is behind its newline. */
export interface Line {
  readonly kind: "header" | "entry" | "seal";
  readonly start: number;
  readonly end: number;
  /** Entries in the journal before this line. */
  readonly size: number;
  /** Entries in the journal that a seal before this line covers. */
  readonly sealedSize: number;
}

/** A ledger file as it was written. */
export interface Segment {
  readonly path: string;
  readonly first: number;
  readonly bytes: Uint8Array;
  readonly lines: readonly Line[];
}

/** The ledger files of an intact journal, in order. */
export function segmentsOf(disk: MemoryDisk): readonly Segment[] {
  const paths = [...disk.files.keys()].filter((path) => path.startsWith(`${DIRECTORY}/ledger/`));
  return paths.toSorted().map((path) => {
    const bytes = disk.files.get(path)!;
    const first = Number(/([0-9]{20})\.jsonl$/.exec(path)![1]);
    return { path, first, bytes, lines: linesOf(bytes, first) };
  });
}

/** The bytes of a line. */
export function bytesOf(segment: Segment, line: Line): Uint8Array {
  return segment.bytes.subarray(line.start, line.end);
}

function linesOf(bytes: Uint8Array, first: number): readonly Line[] {
  const lines: Line[] = [];
  let size = first;
  let sealedSize = first;
  for (let start = 0; start < bytes.length; start = lines.at(-1)!.end) {
    const kind = kindAt(bytes, start);
    lines.push({ kind, start, end: bytes.indexOf(0x0a, start) + 1, size, sealedSize });
    if (kind === "entry") size++;
    if (kind === "seal") sealedSize = size;
  }
  return lines;
}

function kindAt(bytes: Uint8Array, start: number): Line["kind"] {
  const name = Buffer.from(bytes.subarray(start, start + 7)).toString("latin1");
  if (name === '{"seq":') return "entry";
  return name === '{"seal"' ? "seal" : "header";
}

/** The bytes with those of `[start, end)` replaced. */
export function spliced(
  bytes: Uint8Array,
  [start, end]: readonly [number, number],
  replacement: Uint8Array = new Uint8Array(),
): Uint8Array {
  const parts = [bytes.subarray(0, start), replacement, bytes.subarray(end)];
  return new Uint8Array(Buffer.concat(parts));
}
