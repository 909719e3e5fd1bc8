export { checkEntryProof } from "./evidence/check.ts";
export { formatEntryProof, parseEntryProof } from "./evidence/entry-proof.ts";
export type { EntryProof, EntryProofParts } from "./evidence/entry-proof.ts";
export { checkExtension, parseExtension, parseSignedCheckpoint } from "./evidence/extension.ts";
export type {
  Extension,
  ExtensionTrust,
  ProvenExtension,
  SignedCheckpoint,
} from "./evidence/extension.ts";
export { kindOfEvidence } from "./evidence/kind.ts";
export { ExtractChecker, formatProofLine } from "./evidence/extract.ts";
export { evidenceLimits } from "./evidence/limits.ts";
export type { Leaf } from "./evidence/leaf.ts";
export type {
  Evidence,
  KeyTrust,
  Proven,
  ProvenCheckpoint,
  ProvenPart,
  Trust,
  Unproven,
} from "./evidence/trust.ts";
