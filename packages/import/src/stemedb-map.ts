import { toHex } from "@stele/core/bytes";
import { parseJson } from "@stele/core/json";
import type { MappedEvent, OriginEntry } from "./format.ts";
import { HEADER_BYTES } from "./stemedb-record.ts";

/** Longer payloads stay in the content alone. */
const MAX_AUDIT_BYTES = 16_384;
const OPENING_BRACE = 0x7b;

type Members = Readonly<Record<string, unknown>>;

/**
 * A query audit whose payload is JSON becomes a `query`; all else, that of the original's own
 * binary encoding too, which is not known here, a `stemedb.record`. The content has every byte.
 */
export function mapStemedb({ bytes, hash }: OriginEntry): MappedEvent {
  const record = { blake3: hash, sizeBytes: bytes.length };
  const audit = readAudit(bytes.subarray(HEADER_BYTES));
  if (!audit) return { type: "stemedb.record", data: record };
  return { ...audit, data: { ...audit.data, ...record } };
}

function readAudit(payload: Uint8Array): MappedEvent | undefined {
  if (payload[0] !== OPENING_BRACE || payload.length > MAX_AUDIT_BYTES) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(payload);
    const { value } = parseJson(text, { inexactNumbers: "string" });
    return toQuery(value as Members);
  } catch {
    return undefined;
  }
}

/** The `query` that an audit is, if it has all that one needs. */
function toQuery(audit: Members): MappedEvent | undefined {
  const queryId = idOf(audit["query_id"]);
  const { agent = null, timestamp = null, confidence } = audit;
  const parameters = audit["parameters"] ?? audit["params"];
  const resultHash = digestOf(audit["result_hash"]);
  const contributions = listOf(audit["contributing_assertions"] ?? audit["contributions"]);
  const asked = agent === null ? null : idOf(agent);
  if (!queryId || !resultHash || !isObject(parameters) || asked === undefined) return undefined;
  if (!contributions || typeof confidence !== "number" || confidence < 0 || confidence > 1) {
    return undefined;
  }
  return {
    type: "query",
    ...(asked !== null && { agent: asked }),
    data: { queryId, timestamp, parameters, resultHash, confidence, contributions },
  };
}

function listOf(value: unknown): readonly object[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const contributions = value.map(toContribution);
  return contributions.every((one) => one !== undefined) ? contributions : undefined;
}

function toContribution(value: unknown): object | undefined {
  if (!isObject(value)) return undefined;
  const assertion = digestOf(value["assertion_hash"] ?? value["assertion"]);
  const stated = value["source_hash"] ?? value["source"] ?? null;
  const source = stated === null ? null : digestOf(stated);
  const { weight, lifecycle } = value;
  if (!assertion || source === undefined || typeof weight !== "number") return undefined;
  if (typeof lifecycle !== "string" || lifecycle === "") return undefined;
  return { assertion, weight, ...(source !== null && { source }), lifecycle };
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text, or bytes as JSON writes them: a list of numbers. */
function idOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (!Array.isArray(value) || value.length === 0 || value.length > 64) return undefined;
  const isBytes = value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
  return isBytes ? toHex(Uint8Array.from(value as number[])) : undefined;
}

/** 32 bytes in hex. */
function digestOf(value: unknown): string | undefined {
  const hex = idOf(value)?.toLowerCase();
  return hex !== undefined && /^[0-9a-f]{64}$/.test(hex) ? hex : undefined;
}
