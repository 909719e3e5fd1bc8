import { MAX_LINE_BYTES } from "@stele/core/ledger";
import type { ReadableFile } from "./disk.ts";

/** What a scan calls, in the order of the file. */
export interface LineSink {
  /**
   * One line, `buffer[start, end)`, without its newline. `buffer[start - 1]` exists; it and the line may be written to
   * during the call. `offsetBytes` is the line's place in the file. Returning "stop" ends the scan.
   */
  line(buffer: Uint8Array, start: number, end: number, offsetBytes: number): "stop" | undefined;
  /** What no newline ends within the length of a ledger line: the end of the file, or a piece of an overlong line. */
  piece(bytes: Uint8Array, offsetBytes: number): "stop" | undefined;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads `file` from one offset to another (default: its end now) once, synchronously chunk by chunk, with flat memory.
 */
export async function scanLines(
  file: ReadableFile,
  range: { readonly from?: number; readonly to?: number },
  sink: LineSink,
): Promise<void> {
  const { from = 0, to = await file.size() } = range;
  const buffer = new Uint8Array(1 + Math.min(MAX_LINE_BYTES + 1 + CHUNK_BYTES, to - from + 1));
  let held = 0; // bytes of an unfinished line, from buffer[1] on
  let offsetBytes = from; // of buffer[1]
  for (;;) {
    const wanted = Math.min(buffer.length - 1 - held, to - offsetBytes - held);
    const into = buffer.subarray(1 + held, 1 + held + wanted);
    const count = wanted > 0 ? await file.read(into, offsetBytes + held) : 0;
    const end = 1 + held + count;
    let start = eachLine(buffer, end, offsetBytes, sink);
    if (start === "stop") return;
    if (end > start && (count === 0 || end - start > MAX_LINE_BYTES)) {
      const place = offsetBytes + start - 1;
      if (sink.piece(buffer.subarray(start, end), place) === "stop") return;
      start = end;
    }
    if (count === 0) return;
    held = end - start;
    offsetBytes += start - 1;
    buffer.copyWithin(1, start, end);
  }
}

/** Calls back for each finished line and returns where the unfinished one starts. */
function eachLine(
  buffer: Uint8Array,
  end: number,
  offsetBytes: number,
  sink: LineSink,
): number | "stop" {
  let start = 1;
  for (;;) {
    const newline = buffer.indexOf(0x0a, start);
    if (newline < 0 || newline >= end) return start;
    if (sink.line(buffer, start, newline, offsetBytes + start - 1) === "stop") return "stop";
    start = newline + 1;
  }
}
