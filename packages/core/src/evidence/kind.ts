import { matchesAscii } from "../bytes.ts";
import { TLOG_PROOF_FIRST_LINE } from "../tlog-proof.ts";

/** Which of the files that prove something this is, by its first bytes; a ledger's lines else. */
export function kindOfEvidence(untrusted: Uint8Array): "entry" | "extension" | "extract" {
  if (matchesAscii(untrusted, 0, TLOG_PROOF_FIRST_LINE)) return "entry";
  return matchesAscii(untrusted, 0, "old ") ? "extension" : "extract";
}
