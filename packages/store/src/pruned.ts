import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { formatProofLine, parseEntryProof, type EntryProof } from "@stele/core/evidence";
import type { KeptAgentsCount } from "@stele/core/pruned-event";
import type { Disk } from "./disk.ts";
import { readFileIfAny, replaceFile } from "./files.ts";
import { join, PRUNED } from "./layout.ts";

// `pruned.jsonl`, beside the ledger (spec/retention.md section 3): where to look for the entry that
// says what was dropped, the proofs of dropped entries that name keys of the journal, and the lines
// of those that name keys of agents.

/** What the file says. It is written before the entry is sealed, and anything is dropped. */
export interface PrunedFile {
  /** The `seq` of the first entry that is kept, according to the entry that it announces. */
  readonly first: number;
  /** That entry is this one, or comes soon after it, or a crash came first. */
  readonly from: number;
  /** Of the dropped entries that name keys, oldest first: texts of proof files. */
  readonly proofs: readonly string[];
  /** Those about agents' keys; undefined when they were not kept. */
  readonly agents: KeptAgentLines | undefined;
}

/** The dropped entries about agents' keys, from an entry on: their lines, as they were. */
export interface KeptAgentLines extends KeptAgentsCount {
  readonly lines: readonly string[];
}

/** A proof that was kept, parsed but not checked. */
export interface KeptProof {
  readonly text: string;
  readonly proof: EntryProof;
}

/** Makes the file, or replaces it. Durable when it resolves. */
export async function writePruned(disk: Disk, directory: string, file: PrunedFile): Promise<void> {
  const { first, from, proofs, agents } = file;
  const stated = agents && { from: agents.from, count: agents.count };
  const beginning = `${JSON.stringify({ first, from, agents: stated })}\n`;
  const kept = agents?.lines.map((line) => `${line}\n`) ?? [];
  const lines = [beginning, ...proofs.map(formatProofLine), ...kept];
  await replaceFile(disk, directory, PRUNED, utf8(lines.join("")));
}

/** A larger one would be no text for JavaScript. */
const MAX_PRUNED_BYTES = 512 * 1024 * 1024;

/** The file; undefined when it is missing or malformed: then nothing is announced. */
export async function readPruned(disk: Disk, directory: string): Promise<PrunedFile | undefined> {
  const bytes = await readFileIfAny(disk, join(directory, PRUNED), MAX_PRUNED_BYTES);
  const text = bytes && decodeUtf8(bytes);
  return text === undefined ? undefined : parsePrunedFile(text);
}

const BEGINNING = new RegExp(
  String.raw`^\{"first":([0-9]{1,16}),"from":([0-9]{1,16})` +
    String.raw`(?:,"agents":\{"from":([0-9]{1,16}),"count":([0-9]{1,16})\})?\}$`,
);

function parsePrunedFile(untrusted: string): PrunedFile | undefined {
  const [beginning = "", ...lines] = untrusted.split("\n");
  const numbers = BEGINNING.exec(beginning)
    ?.slice(1)
    .filter((digits) => digits !== undefined);
  const [first, from, agentsFrom, count] = (numbers ?? []).map(Number);
  const areSafe = numbers?.every((digits) => Number.isSafeInteger(Number(digits))) ?? false;
  if (lines.pop() !== "" || !areSafe) return undefined;
  const hasAgents = agentsFrom !== undefined && count !== undefined;
  const kept = hasAgents ? lines.filter((line) => line.startsWith(ENTRY_BEGINNING)) : [];
  const others = hasAgents ? lines.filter((line) => !line.startsWith(ENTRY_BEGINNING)) : lines;
  const proofs = others.map(proofOf);
  if (!proofs.every((proof) => proof !== undefined)) return undefined;
  const agents = hasAgents ? { from: agentsFrom, count, lines: kept } : undefined;
  return { first: first!, from: from!, proofs, agents };
}

const ENTRY_BEGINNING = '{"seq":';

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
