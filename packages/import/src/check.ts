import type { CheckContext, Format, OriginEntry, Scan } from "./format.ts";
import type { Report } from "./report.ts";

/** How to check a file, and what to be told meanwhile. */
export interface CheckOptions extends CheckContext {
  /** How many bytes are done. */
  readonly onProgress?: ((doneBytes: number) => void) | undefined;
  /** Gets the entries in order, some at a time; the check waits for it. */
  readonly onEntries?: ((entries: readonly OriginEntry[]) => Promise<void>) | undefined;
}

/**
 * Reads a file of another system once and says what is wrong with it. Throws IMPORT_WRONG_FORMAT
 * and IMPORT_TOO_LARGE. Memory does not grow with the file.
 */
export async function checkOrigin(
  format: Format,
  untrusted: AsyncIterable<Uint8Array>,
  options: CheckOptions,
): Promise<Report> {
  const { onProgress, onEntries } = options;
  const scan = await format.scan({ ...options, keepEntries: onEntries !== undefined });
  let doneBytes = 0;
  for await (const chunk of untrusted) {
    scan.write(chunk);
    doneBytes += chunk.length;
    onProgress?.(doneBytes);
    if (onEntries) await handOn(scan, onEntries);
  }
  scan.flush?.();
  if (onEntries) await handOn(scan, onEntries);
  const report = scan.end();
  if (onEntries) await handOn(scan, onEntries);
  return report;
}

async function handOn(
  scan: Scan,
  onEntries: NonNullable<CheckOptions["onEntries"]>,
): Promise<void> {
  for (let some = scan.take(); some.length > 0; some = scan.take()) await onEntries(some);
}
