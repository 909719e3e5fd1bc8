import { formatBytes } from "./style.ts";

/** Work that is over sooner than this shows no bar. */
const QUIET_MS = 400;
const REDRAW_MS = 100;
const BAR_WIDTH = 24;

/** A bar on standard error, when that is a terminal: share, bytes, rate and time left. */
export class ProgressBar {
  readonly #startMs = performance.now();
  #drawnMs = 0;
  readonly #format: typeof formatProgress;

  constructor(format: typeof formatProgress = formatProgress) {
    this.#format = format;
  }

  /** Draws the bar, at most ten times a second. */
  readonly update = (doneBytes: number, totalBytes: number): void => {
    const nowMs = performance.now();
    const early = nowMs - this.#startMs < QUIET_MS || nowMs - this.#drawnMs < REDRAW_MS;
    if (!process.stderr.isTTY || early) return;
    this.#drawnMs = nowMs;
    // One that went on in the next line could not be drawn over.
    const room = process.stderr.columns - 1;
    const line = this.#format(doneBytes, totalBytes, nowMs - this.#startMs).slice(0, room);
    process.stderr.write(`\r${line}\u001b[K`);
  };

  /** Takes the bar away. */
  clear(): void {
    if (this.#drawnMs > 0) process.stderr.write("\r\u001b[K");
  }
}

/** How far the index is, on standard error, when that is a terminal. */
export class IndexBar {
  readonly #bar = new ProgressBar(formatEntries);

  /** Entries indexed, of how many. */
  readonly update = (indexed: number, total: number): void => this.#bar.update(indexed, total);

  /** Takes the bar away. */
  clear(): void {
    this.#bar.clear();
  }
}

function formatEntries(indexed: number, total: number): string {
  const share = total === 0 ? 100 : Math.floor((indexed / total) * 100);
  return `indexing: ${share} % of ${total} entries`;
}

/** The bar's text. */
function formatProgress(doneBytes: number, totalBytes: number, elapsedMs: number): string {
  const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const bytesPerMs = doneBytes / Math.max(elapsedMs, 1);
  const leftMs = bytesPerMs === 0 ? 0 : (totalBytes - doneBytes) / bytesPerMs;
  const sizes = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  const rate = `${formatBytes(bytesPerMs * 1000)}/s`;
  return `${bar} ${(share * 100).toFixed(0)} %  ${sizes}  ${rate}  ${formatDuration(leftMs)} left`;
}

function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
