import { parseJson, type JsonValue } from "@stele/core/json";
import { fromWhole } from "@stele/core/whole-number";
import { readCalybrisLine } from "./calybris-line.ts";
import type { MappedEvent, OriginEntry } from "./format.ts";

/** Larger data stays in the content alone. */
const MAX_VALUE_BYTES = 16_384;

/**
 * The log's data can be anything: it becomes `value`, where numbers that no double holds are
 * strings; the content has every byte. An audited decision of calybris-core 1 is a decision.
 */
export function mapCalybris({ bytes }: OriginEntry): MappedEvent {
  const line = readCalybrisLine(bytes);
  if ("problem" in line) return { type: "calybris.record", data: {} };
  const sequence = fromWhole(line.sequence);
  if (line.data.length > MAX_VALUE_BYTES) return { type: "calybris.record", data: { sequence } };
  const { value } = parseJson(Buffer.from(line.data).toString(), { inexactNumbers: "string" });
  const decided = asDecision(value);
  const type = decided === undefined ? "calybris.record" : "decision";
  return { type, data: { ...decided, sequence, value } };
}

const VERDICTS: Readonly<Record<string, string>> = {
  ExecuteRequested: "admit",
  Substitute: "substitute",
  Reject: "reject",
};

/**
 * What `append_audited` records: the digests of policy and input beside both. A bare
 * KernelDecision has no digests, so it is none. Costs stay in `value`: calybris counts them in
 * another unit.
 */
function asDecision(value: JsonValue): Readonly<Record<string, unknown>> | undefined {
  const { audit, input, decision } = members(value);
  const { policy_epoch: policy, catalog_epoch: catalog, ...digests } = members(audit);
  const { action, reason, selected_model_id: selected } = members(decision);
  const { requested_model_id: requested } = members(input);
  const { policy_digest_hex: policyDigest, input_digest_hex: inputDigest } = digests;
  const isDecision =
    typeof action === "string" &&
    Object.hasOwn(VERDICTS, action) &&
    typeof reason === "string" &&
    isWhole(policy) &&
    isWhole(catalog) &&
    isWhole(requested) &&
    isWhole(selected) &&
    [policyDigest, inputDigest].every(isDigest);
  if (!isDecision) return undefined;
  const isRejected = action === "Reject";
  return {
    policy: `calybris policy ${policy}, catalog ${catalog}`,
    policyDigest,
    inputDigest,
    requested: String(requested),
    ...(isRejected ? {} : { chosen: String(selected) }),
    verdict: VERDICTS[action],
    reasons: [{ constraint: reason, passed: !isRejected }],
  };
}

function members(value: JsonValue | undefined): { readonly [name: string]: JsonValue } {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as { readonly [name: string]: JsonValue }) : {};
}

/** A whole number, which is text where no double holds it. */
function isWhole(value: JsonValue | undefined): value is number | string {
  const isScalar = typeof value === "number" || typeof value === "string";
  return isScalar && /^[0-9]+$/.test(String(value));
}

function isDigest(value: JsonValue | undefined): boolean {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
