import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { formatProofLine, parseEntryProof, type EntryProof } from "@stele/core/evidence";
import type { Disk } from "./disk.ts";
import { readFileIfAny, replaceFile } from "./files.ts";
import { join, PRUNED } from "./layout.ts";

// `pruned.jsonl`, beside the ledger (spec/retention.md section 3): where to look for the entry that
// says what was dropped, and the proofs of dropped entries that are needed on.

/** What the file says. It is written before the entry is sealed, and anything is dropped. */
export interface PrunedFile {
  /** The `seq` of the first entry that is kept, according to the entry that it announces. */
  readonly first: number;
  /** That entry is this one, or comes soon after it, or a crash came first. */
  readonly from: number;
  /** Of the dropped entries that name keys, oldest first: texts of proof files. */
  readonly proofs: readonly string[];
}

/** A proof that was kept, parsed but not checked. */
export interface KeptProof {
  readonly text: string;
  readonly proof: EntryProof;
}

/** Makes the file, or replaces it. Durable when it resolves. */
export async function writePruned(disk: Disk, directory: string, file: PrunedFile): Promise<void> {
  const { first, from, proofs } = file;
  const lines = [`${JSON.stringify({ first, from })}\n`, ...proofs.map(formatProofLine)];
  await replaceFile(disk, directory, PRUNED, utf8(lines.join("")));
}

/** The file; undefined when it is missing or malformed: then nothing is announced. */
export async function readPruned(disk: Disk, directory: string): Promise<PrunedFile | undefined> {
  const bytes = await readFileIfAny(disk, join(directory, PRUNED));
  const text = bytes && decodeUtf8(bytes);
  return text === undefined ? undefined : parsePrunedFile(text);
}

const BEGINNING = /^\{"first":([0-9]{1,16}),"from":([0-9]{1,16})\}$/;

function parsePrunedFile(untrusted: string): PrunedFile | undefined {
  const [beginning = "", ...lines] = untrusted.split("\n");
  const [first, from] = BEGINNING.exec(beginning)?.slice(1).map(Number) ?? [];
  const proofs = lines.slice(0, -1).map(proofOf);
  if (lines.at(-1) !== "" || !Number.isSafeInteger(first) || !Number.isSafeInteger(from)) {
    return undefined;
  }
  if (!proofs.every((proof) => proof !== undefined)) return undefined;
  return { first: first!, from: from!, proofs };
}

/** The text in a proof line, which has one spelling. */
function proofOf(line: string): string | undefined {
  try {
    const { proof } = JSON.parse(line) as { readonly proof?: unknown };
    const isProof = typeof proof === "string" && formatProofLine(proof) === `${line}\n`;
    return isProof ? proof : undefined;
  } catch {
    return undefined;
  }
}

/** The proofs of entries before `first`; none when one of all is malformed. */
export function keptProofs(file: PrunedFile | undefined, first: number): readonly KeptProof[] {
  try {
    const proofs = (file?.proofs ?? []).map((text) => ({
      text,
      proof: parseEntryProof(utf8(text)),
    }));
    return proofs.filter(({ proof }) => proof.index < first);
  } catch (error) {
    if (error instanceof SteleError) return [];
    throw error;
  }
}
