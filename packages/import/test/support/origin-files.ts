import { createHash, createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";

/** A record's data as JSON text: what goes into a calybris log. */
export function* calybrisLog(data: Iterable<string>, key?: string): Generator<string> {
  let previous = "genesis";
  let sequence = 0;
  for (const text of data) {
    sequence++;
    const hash = digest(key, previous + text);
    const links = `"previous_hash":"${previous}","entry_hash":"${hash}"`;
    yield `{"sequence":${sequence},${links},"data":${text}}\n`;
    previous = hash;
  }
}

/** What a chio entry says beside its place in the chain. */
export interface ChioFields {
  readonly tool: string;
  readonly server: string;
  readonly agent: string;
  readonly bytesRead: bigint;
  readonly depth: number;
  readonly allowed: boolean;
}

/** A chio session journal. `lengths`: whether each text is hashed behind its length (0.1.2). */
export function* chioDocument(entries: Iterable<ChioFields>, lengths = false): Generator<string> {
  let previous = "0".repeat(64);
  let sequence = 0n;
  yield '{"session_id":"sess-1","entries":[';
  for (const { tool, server, agent, bytesRead, depth, allowed } of entries) {
    const text = (value: string): Uint8Array[] => {
      const bytes = Buffer.from(value);
      return lengths ? [u64(BigInt(bytes.length)), bytes] : [bytes];
    };
    const depthBytes = Buffer.alloc(4);
    depthBytes.writeUInt32LE(depth);
    const hash = createHash("sha256");
    const parts = [u64(sequence), ...text(previous), u64(7n), ...text(tool), ...text(server)];
    parts.push(...text(agent), u64(bytesRead), u64(sequence), depthBytes);
    for (const part of [...parts, Uint8Array.of(allowed ? 1 : 0)]) hash.update(part);
    const own = hash.digest("hex");
    const names = `"tool_name":${JSON.stringify(tool)},"server_id":${JSON.stringify(server)}`;
    yield (
      (sequence === 0n ? "" : ",") +
        `\n{"sequence":${sequence},"prev_hash":"${previous}","entry_hash":"${own}",` +
        `"timestamp_secs":7,${names},"agent_id":${JSON.stringify(agent)},` +
        `"bytes_read":${bytesRead},"bytes_written":${sequence},"delegation_depth":${depth},` +
        `"allowed":${allowed}}`
    );
    previous = own;
    sequence++;
  }
  yield "\n]}\n";
}

/** A hoosh audit chain; `metadata` is compact JSON text with its names sorted. */
export function* hooshDocument(
  entries: Iterable<{ readonly message: string; readonly metadata?: string | undefined }>,
  key: string,
): Generator<string> {
  let previous = "0".repeat(64);
  let index = 0;
  yield "[";
  for (const { message, metadata } of entries) {
    const id = `"id":"id-${index}"`;
    const extra = metadata === undefined ? "" : `"metadata":${metadata},`;
    const text = `"level":"info","message":${JSON.stringify(message)},${extra}`;
    const own = digest(undefined, `{"event":"e",${id},${text}"timestamp":${index}}`);
    const signature = digest(key, `${own}:${previous}`);
    const links = `"signature":"${signature}","previous_hash":"${previous}"`;
    yield (
      (index === 0 ? "" : ",") +
        `{${id},"timestamp":${index},"event":"e",${text}` +
        `"integrity":{"version":"1.0.0",${links}}}`
    );
    previous = own;
    index++;
  }
  yield "]";
}

const SEED = Buffer.alloc(32, 7);
const PRIVATE_KEY = createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), SEED]),
  format: "der",
  type: "pkcs8",
});

/** The public key, in hex, of what `symbiDocument` signs. */
export const SYMBI_PUBLIC_KEY: string = createPublicKey(PRIVATE_KEY)
  .export({ format: "der", type: "spki" })
  .subarray(-32)
  .toString("hex");

/** A symbi audit of so many reviews, with its key behind them. */
export function* symbiDocument(
  entries: Iterable<{ readonly id: string; readonly iteration: number }>,
): Generator<string> {
  let previous = digest(undefined, "genesis");
  let isFirst = true;
  yield '{"entries":[';
  for (const { id, iteration } of entries) {
    const director = digest(undefined, id);
    const time = "2026-01-02T03:04:05.123456789";
    const text = `${id}|${director}|${director}|Approved|0.5|${time}+00:00|${iteration}`;
    const own = digest(undefined, previous + text);
    const signature = sign(null, Buffer.from(own), PRIVATE_KEY).toString("hex");
    yield (
      (isFirst ? "" : ",") +
        `\n{"entry_id":${JSON.stringify(id)},"director_output_hash":"${director}",` +
        `"critic_assessment_hash":"${director}","verdict":"approved",` +
        `"dimension_scores":{"a":1.0},` +
        `"score":0.5,"critic_identity":{"type":"llm","model_id":"m"},"timestamp":"${time}Z",` +
        `"chain_hash":"${own}","signature":"${signature}","iteration":${iteration}}`
    );
    previous = own;
    isFirst = false;
  }
  yield `\n],"verifying_key_hex":"${SYMBI_PUBLIC_KEY}"}`;
}

function digest(key: string | undefined, text: string): string {
  const hash = key === undefined ? createHash("sha256") : createHmac("sha256", key);
  return hash.update(text).digest("hex");
}

function u64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
