import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MAX_ADD_CHECKPOINT_BYTES } from "@stele/core/add-checkpoint";
import { concatBytes } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { formatVerifierKey } from "@stele/core/key";
import type { DiskLock, World } from "@stele/store";
import { machineWorld } from "@stele/store/node";
import { refuse, type Answer } from "./answer.ts";
import { LOCK, readWitnessKey } from "./state.ts";
import { Witness } from "./witness.ts";

/** How a witness is served. */
export interface ServeOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 0, for one that is free. */
  readonly port?: number | undefined;
  /** New checkpoints of one log in a second, on average; ten may come at once. Default 5. */
  readonly ratePerSecond?: number | undefined;
  /** Takes a line for the people who run the witness. */
  readonly log?: ((line: string) => void) | undefined;
}

/** A witness that answers. */
export interface RunningWitness {
  /** The submission prefix, and the monitoring prefix. */
  readonly url: string;
  readonly publicKey: string;
  /** Resolves after `close`; rejects when the disk failed, after which nothing is signed. */
  readonly ended: Promise<void>;
  /** Answers what has come, takes nothing more, and lets go of the directory. */
  close(): Promise<void>;
}

/** Who needs longer for a request than this is cut off. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How long a connection stays open for the next request. */
const KEEP_ALIVE_MS = 15_000;
const MAX_CONNECTIONS = 256;
const MAX_HEADER_BYTES = 8192;
/** How long `close` waits for those who are slow to take their answers. */
const CLOSING_MS = 2000;

/**
 * Serves a witness over HTTP (C2SP tlog-witness): `POST /add-checkpoint` and
 * `GET /HASH/checkpoint`. TLS is for a proxy in front. Throws WITNESS_MISSING, WITNESS_LOCKED,
 * WITNESS_DAMAGED, KEY_MALFORMED, OPTION_INVALID when it cannot listen there.
 */
export async function serveWitness(
  directory: string,
  options: ServeOptions = {},
): Promise<RunningWitness> {
  const { ratePerSecond = 5, log = () => undefined } = options;
  const world = machineWorld();
  let lock: DiskLock | undefined;
  try {
    const key = await readWitnessKey(world.primitives, directory);
    lock = await takeLock(world, directory);
    const witness = await Witness.open(world, directory, { key, ratePerSecond, log });
    const server = await listen(witness, options);
    return running({ world, lock, witness, server, publicKey: formatVerifierKey(key) });
  } catch (error) {
    await lock?.release();
    await world.disk.close();
    throw error;
  }
}

async function takeLock({ disk }: World, directory: string): Promise<DiskLock> {
  try {
    return await disk.lock(`${directory}/${LOCK}`);
  } catch (error) {
    if (!(error instanceof SteleError) || error.code !== "JOURNAL_LOCKED") throw error;
    throw new SteleError("WITNESS_LOCKED", error.message, { path: directory, cause: error });
  }
}

interface Parts {
  readonly world: World;
  readonly lock: DiskLock;
  readonly witness: Witness;
  readonly server: Server;
  readonly publicKey: string;
}

function running({ world, lock, witness, server, publicKey }: Parts): RunningWitness {
  const closed = Promise.withResolvers<void>();
  const shut = async (): Promise<void> => {
    await closeServer(server);
    await witness.settled();
    await lock.release();
    await world.disk.close();
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    closing ??= shut().then(closed.resolve, closed.reject);
    await closing;
  };
  witness.failure.catch(async (error: unknown) => {
    closing ??= shut().catch(() => undefined);
    await closing;
    closed.reject(error);
  });
  closed.promise.catch(() => undefined);
  return { url: urlOf(server), publicKey, ended: closed.promise, close };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const slow = setTimeout(() => server.closeAllConnections(), CLOSING_MS);
  await closed;
  clearTimeout(slow);
}

async function listen(witness: Witness, { host, port }: ServeOptions): Promise<Server> {
  const timeouts = {
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1000,
  };
  const server = createServer({ ...timeouts, maxHeaderSize: MAX_HEADER_BYTES });
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = REQUEST_TIMEOUT_MS;
  server.on("request", (request, response) => void handle(witness, request, response));
  server.listen({ host: host ?? "127.0.0.1", port: port ?? 0 });
  try {
    await once(server, "listening");
    return server;
  } catch (cause) {
    const where = `${host ?? "127.0.0.1"}:${port ?? 0}`;
    const message = `cannot listen on ${where}: ${(cause as Error).message}`;
    throw new SteleError("OPTION_INVALID", message, { cause, fix: "choose another address" });
  }
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

async function handle(
  witness: Witness,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Who goes away in the middle gets no answer.
  const answer = await route(witness, request).catch(() => undefined);
  if (!answer) return void request.destroy();
  const { status, body, headers = {} } = answer;
  const type = { "content-type": "text/plain; charset=utf-8" };
  response.writeHead(status, { ...type, "cache-control": "no-store", ...headers });
  response.end(body);
}

async function route(witness: Witness, request: IncomingMessage): Promise<Answer> {
  const { method = "", url = "" } = request;
  if (url === "/add-checkpoint") {
    if (method !== "POST") return wrongMethod("POST");
    const body = await readBody(request);
    return body ? witness.addCheckpoint(body) : tooLarge();
  }
  const [, hash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(url) ?? [];
  if (hash === undefined) return refuse(404, "there is nothing here");
  if (method !== "GET" && method !== "HEAD") return wrongMethod("GET, HEAD");
  const note = witness.latest(hash);
  if (note === undefined) return refuse(404, "no checkpoint of such a log was signed");
  return { status: 200, body: note };
}

/** The body, or undefined when it is larger than any request may be. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Uint8Array);
    sizeBytes += (chunk as Uint8Array).length;
    if (sizeBytes > MAX_ADD_CHECKPOINT_BYTES) return undefined;
  }
  return concatBytes(chunks);
}

function wrongMethod(allow: string): Answer {
  return { ...refuse(405, `use ${allow}`), headers: { allow } };
}

function tooLarge(): Answer {
  const reason = `a request has at most ${MAX_ADD_CHECKPOINT_BYTES} bytes`;
  return { ...refuse(400, reason), headers: { connection: "close" } };
}
