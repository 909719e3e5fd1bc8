import type { SteleError } from "@stele/journal";
import type { WitnessClient } from "@stele/journal/witnessing";
import { text, type Call } from "./arguments.ts";
import { readInput } from "./input-file.ts";
import { harmless } from "./style.ts";

/**
 * The witnesses of the policy that --witness or STELE_WITNESS names; undefined when neither does.
 * Throws DISK_NOT_FOUND, POLICY_MALFORMED.
 */
export async function findWitness(call: Call): Promise<WitnessClient | undefined> {
  const path = text(call, "witness") ?? (process.env["STELE_WITNESS"] || undefined);
  if (path === undefined) return undefined;
  const { witnessClient } = await import("@stele/witness");
  return witnessClient(Buffer.from(await readInput(path)).toString());
}

/** Tells the people behind standard error what goes wrong beside the ledger. */
export function warn({ message, fix, code }: SteleError): void {
  process.stderr.write(`${harmless(`stele: warning: ${message}; ${fix} [${code}]`)}\n`);
}
