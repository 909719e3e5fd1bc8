import { MAX_LINE_BYTES } from "@stele/core/ledger";
import type { ReadableFile } from "./disk.ts";

/** What a scan calls, in the order of the file. */
export interface LineSink {
  /**
   * One line, `buffer[start, end)`, without its newline. `buffer[start - 1]` exists; it and the
   * line may be written to during the call. `offsetBytes` is the line's place in the file.
   * Returning "stop" ends the scan.
   */
  line(buffer: Uint8Array, start: number, end: number, offsetBytes: number): "stop" | undefined;
  /**
   * What no newline ends within the length of a ledger line: the end of the file, or a piece of an
   * overlong line.
   */
  piece(bytes: Uint8Array, offsetBytes: number): "stop" | undefined;
}

const CHUNK_BYTES = 1024 * 1024;
/**
 * What precedes a chunk in its buffer: a byte to lend, and room for a line that an earlier chunk
 * did not finish.
 */
const RESERVE_BYTES = 1 + MAX_LINE_BYTES + 1;

/** What of a file is scanned. */
export interface ScanRange {
  /** Default 0. */
  readonly from?: number;
  /** Default: the file's end now. */
  readonly to?: number;
  /** How much is read at a time, for who expects to stop soon. Default and most: a mebibyte. */
  readonly chunkBytes?: number | undefined;
}

/**
 * Reads `file` from one offset to another once, and hands it out synchronously chunk by chunk, with
 * flat memory; whole chunks are read ahead.
 */
export async function scanLines(
  file: ReadableFile,
  range: ScanRange,
  sink: LineSink,
): Promise<void> {
  const { from = 0, to = await file.size() } = range;
  const chunkBytes = Math.min(range.chunkBytes ?? CHUNK_BYTES, CHUNK_BYTES, to - from);
  const isAhead = chunkBytes === CHUNK_BYTES;
  const read = (buffer: Uint8Array, offsetBytes: number): Promise<number> => {
    const size = Math.min(chunkBytes, to - offsetBytes);
    const into = buffer.subarray(RESERVE_BYTES, RESERVE_BYTES + size);
    return size > 0 ? file.read(into, offsetBytes) : Promise.resolve(0);
  };
  // Not zeroed, which would cost more than a short read: only what was read is handed out.
  let buffer: Uint8Array = Buffer.allocUnsafeSlow(RESERVE_BYTES + chunkBytes);
  let ahead = from + chunkBytes < to ? Buffer.allocUnsafeSlow(buffer.length) : buffer;
  let offsetBytes = from; // of the chunk
  let held = 0; // bytes of an unfinished line, right before the chunk
  let reading = read(buffer, offsetBytes);
  try {
    for (;;) {
      const count = await reading;
      const end = RESERVE_BYTES + count;
      // The last chunk is followed by a read of nothing, which may share its buffer.
      if (isAhead) reading = read(ahead, offsetBytes + count);
      const place = offsetBytes - RESERVE_BYTES;
      const piece = { buffer, start: RESERVE_BYTES - held, end, place };
      const rest = handOut(piece, count === 0, sink);
      if (rest === "stop" || count === 0) return;
      held = end - rest;
      ahead.set(buffer.subarray(rest, end), RESERVE_BYTES - held);
      offsetBytes += count;
      if (!isAhead) reading = read(ahead, offsetBytes);
      [buffer, ahead] = [ahead, buffer];
    }
  } finally {
    // The caller may close the file now.
    await reading.catch(() => undefined);
  }
}

/** Part of a file in a buffer; `place` is what turns an index into an offset in the file. */
interface Piece {
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly place: number;
}

/** Hands out what is finished, or can no longer be, and returns where the rest starts. */
function handOut(piece: Piece, atEnd: boolean, sink: LineSink): number | "stop" {
  const { buffer, end, place } = piece;
  const start = eachLine(piece, sink);
  if (start === "stop" || start === end) return start;
  if (!atEnd && end - start <= MAX_LINE_BYTES) return start;
  return sink.piece(buffer.subarray(start, end), place + start) ?? end;
}

/** Calls back for each finished line and returns where the unfinished one starts. */
function eachLine({ buffer, start, end, place }: Piece, sink: LineSink): number | "stop" {
  let next = start;
  for (;;) {
    const newline = buffer.indexOf(0x0a, next);
    if (newline < 0 || newline >= end) return next;
    if (sink.line(buffer, next, newline, place + next) === "stop") return "stop";
    next = newline + 1;
  }
}
