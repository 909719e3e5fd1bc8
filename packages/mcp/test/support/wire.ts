import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { recordMcp, systemClock, type RecordMcpOptions } from "@stele/mcp";
import { FakeDisk } from "./fake-journal.ts";

/** A recorder in this process, between a test and a server that is a real process. */
export class Wire {
  readonly disk = new FakeDisk();
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly signals = new EventEmitter();
  readonly #heard: Buffer[] = [];
  #status: Promise<number> | undefined;

  /** Starts the recorder. Output is collected unless `listens` is false. */
  start(
    [command = "", ...args]: readonly string[],
    options: Partial<RecordMcpOptions> & { listens?: boolean } = {},
  ): this {
    if (options.listens !== false)
      this.stdout.on("data", (chunk: Buffer) => this.#heard.push(chunk));
    this.stderr.on("data", (chunk: Buffer) => (this.errors += chunk.toString()));
    this.#status = recordMcp({
      openJournal: this.disk.open,
      command,
      args,
      session: "s",
      whenUnrecordable: "closed",
      stdin: this.stdin,
      stdout: this.stdout,
      stderr: this.stderr,
      signals: this.signals,
      clock: systemClock,
      ...options,
    });
    return this;
  }

  errors = "";

  /** What the client has heard so far. */
  get heard(): Buffer {
    return Buffer.concat(this.#heard);
  }

  /** The client's messages, one a line. */
  say(...messages: readonly object[]): void {
    for (const message of messages) {
      this.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    }
  }

  /** Ends the client's input and waits for the recorder to end. */
  async finish(): Promise<number> {
    this.stdin.end();
    return this.status();
  }

  async status(): Promise<number> {
    return this.#status!;
  }

  /** Waits until the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    const deadlineMs = performance.now() + 10_000;
    while (!condition()) {
      if (performance.now() > deadlineMs)
        throw new Error(`in vain; heard: ${this.heard.toString()}`);
      await systemClock.delay(2);
    }
  }
}

/** A server that answers each tools/call, and does what the tool's name says. */
export const FAKE_SERVER: readonly string[] = [
  process.execPath,
  new URL("fake-server.js", import.meta.url).pathname,
];
