import { createPrivateKey, createPublicKey, hash, sign } from "node:crypto";
import { fromHex } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import type { RecordedEvent } from "@stele/core/event";
import type { Hash } from "@stele/core/hash";
import type { SigningKey } from "@stele/core/key";
import type { Entry } from "@stele/core/ledger";
import type { Format } from "@stele/import";
import {
  EXPORT_FORMATS,
  exportEntries,
  type ExportOptions,
  type ExportSummary,
} from "@stele/import/writing";
import { checkBytes, primitives, type CheckHow } from "./check.ts";

const PKCS8 = "302e020100300506032b657004220420";

function privateKey(seed: Uint8Array): ReturnType<typeof createPrivateKey> {
  const key = Buffer.concat([fromHex(PKCS8)!, seed]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

function publicKey(seed: Uint8Array): Uint8Array {
  const { x } = createPublicKey(privateKey(seed)).export({ format: "jwk" });
  return new Uint8Array(Buffer.from(x!, "base64url"));
}

/** Node's cryptography, with signatures. */
export const writing: ExportOptions["primitives"] = {
  ...primitives,
  sign: (seed, message) => sign(null, message, privateKey(seed)),
  publicKey,
};

/** The Ed25519 key of a seed of this byte. */
export function signingKey(byte: number): SigningKey {
  const seed = new Uint8Array(32).fill(byte);
  const key = publicKey(seed);
  return { type: "ed25519", name: "critic", keyId: "00000000", publicKey: key, seed };
}

/** An event's JSON text, and the record that it was taken over with. */
export interface Recorded {
  readonly event: string;
  readonly record?: Uint8Array | "erased";
}

/** What an export made of events that a journal would hold. */
export async function exportAll(
  format: string,
  recorded: readonly Recorded[],
  options: Omit<ExportOptions, "primitives"> = {},
): Promise<{ readonly bytes: Uint8Array; readonly summary: ExportSummary }> {
  const source = {
    lines: lines(recorded),
    content: async ({ seq }: Entry) => {
      const record = recorded[seq]?.record;
      if (record === "erased") throw new SteleError("CONTENT_ERASED", "it was erased");
      return record;
    },
  };
  const to = EXPORT_FORMATS.find(({ name }) => name === format)!;
  const chunks = exportEntries(to, source, { primitives: writing, ...options });
  const parts: Uint8Array[] = [];
  for (;;) {
    const { value, done } = await chunks.next();
    if (done) return { bytes: new Uint8Array(Buffer.concat(parts)), summary: value };
    parts.push(value);
  }
}

async function* lines(
  recorded: readonly Recorded[],
): AsyncGenerator<{ readonly entry: Entry; readonly line: string }> {
  for (const [seq, { event, record }] of recorded.entries()) {
    const text = record ? `${event.slice(0, -1)},"content":{"record":{}}}` : event;
    const time = new Date(1_795_217_732_766 + seq * 250).toISOString();
    const own = hash("sha256", text + time, "hex") as Hash;
    const line = `{"seq":${seq},"time":"${time}","event":${text},"hash":"${own}"}`;
    const parsed = JSON.parse(text) as RecordedEvent;
    yield { entry: { seq, prev: own, time, event: parsed, hash: own }, line };
  }
}

/** The events that a take-over makes of a file, with the records. */
export async function takenOver(
  format: Format,
  bytes: Uint8Array | string,
  how: CheckHow = {},
): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  const { stated } = await checkBytes(format, bytes, how);
  await checkBytes(format, bytes, {
    ...how,
    onEntries: async (entries) => {
      for (const entry of entries) {
        const { data, ...event } = format.map(entry, stated);
        const { index, problem } = entry;
        const origin = { format: format.name, index, problem };
        const text = JSON.stringify({ ...event, data: { ...data, origin } });
        recorded.push({ event: text, record: entry.bytes });
      }
    },
  });
  const end = { type: "stele.imported", data: { format: format.name, stated } };
  recorded.push({ event: JSON.stringify(end) });
  return recorded;
}
