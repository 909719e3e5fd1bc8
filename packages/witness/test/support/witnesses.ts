import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8 } from "@stele/core/bytes";
import { verifyCosignatures } from "@stele/core/cosignature";
import { parseVerifierKey } from "@stele/core/key";
import { parseNote } from "@stele/core/note";
import { addLog, createWitness, serveWitness, type ServeOptions } from "@stele/witness";
import { primitives } from "./log.ts";

/** A witness's directory below the system's temporary one. */
export class TestWitness implements AsyncDisposable {
  readonly directory: string;
  readonly vkey: string;
  readonly log: string[] = [];
  url = "";
  #close: (() => Promise<void>) | undefined;

  private constructor(directory: string, vkey: string) {
    this.directory = directory;
    this.vkey = vkey;
  }

  /** Makes one that watches these keys, and serves it. */
  static async start(
    vkeys: readonly string[],
    options: ServeOptions = {},
    name = "tests.example/witness",
  ): Promise<TestWitness> {
    const witness = await TestWitness.make(vkeys, name);
    await witness.serve(options);
    return witness;
  }

  static async make(
    vkeys: readonly string[],
    name = "tests.example/witness",
  ): Promise<TestWitness> {
    const directory = join(mkdtempSync(join(tmpdir(), "stele-witness-")), "state");
    const witness = new TestWitness(directory, await createWitness(directory, name));
    for (const vkey of vkeys) await addLog(directory, vkey);
    return witness;
  }

  async serve(options: ServeOptions = {}): Promise<void> {
    const log = (line: string): void => void this.log.push(line);
    // Tests that are not about the rate should not meet it.
    const running = await serveWitness(this.directory, { ratePerSecond: 1e6, log, ...options });
    this.url = running.url;
    this.#close = async () => running.close();
  }

  async close(): Promise<void> {
    await this.#close?.();
  }

  /** Its answer to an add-checkpoint request. */
  async post(body: string | Uint8Array): Promise<Answered> {
    return post(this.url, body);
  }

  /** What it serves of the log. */
  async latest(originHash: string): Promise<Answered> {
    return answered(await fetch(`${this.url}/${originHash}/checkpoint`));
  }

  /** The time at which it says it saw the text; throws unless the line is its. */
  timeOf(text: string, line: string): number {
    return timeOf(this.vkey, text, line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    rmSync(join(this.directory, ".."), { recursive: true, force: true });
  }
}

export interface Answered {
  readonly status: number;
  readonly type: string | null;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** An add-checkpoint request. */
export async function post(url: string, body: string | Uint8Array): Promise<Answered> {
  const bytes = typeof body === "string" ? utf8(body) : new Uint8Array(body);
  return answered(await fetch(`${url}/add-checkpoint`, { method: "POST", body: bytes }));
}

async function answered(response: Response): Promise<Answered> {
  const { status, headers } = response;
  const body = await response.text();
  return {
    status,
    type: headers.get("content-type"),
    retryAfter: headers.get("retry-after"),
    body,
  };
}

/** The time in the witness's line under the text; throws unless the line is by that key. */
export function timeOf(vkey: string, text: string, line: string): number {
  const key = parseVerifierKey(primitives, vkey, ["cosignature"]);
  const [found] = verifyCosignatures(primitives, parseNote(utf8(`${text}\n${line}`)), [key]);
  if (!found) throw new Error(`no cosignature by ${vkey}`);
  return found.timestamp;
}

/** Something on loopback that answers as it likes. */
export async function fakeServer(
  listener: RequestListener,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close };
}
