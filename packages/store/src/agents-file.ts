import { decodeUtf8, utf8 } from "@stele/core/bytes";
import {
  agentEvent,
  parseAgentChange,
  type AgentChange,
  type PlacedAgentChange,
} from "@stele/core/agent-event";
import { SteleError } from "@stele/core/error";
import { isHash, type Hash, type Hasher } from "@stele/core/hash";
import type { Disk } from "./disk.ts";
import { readFileIfAny, replaceFile } from "./files.ts";
import { AGENTS, join } from "./layout.ts";

// DIR/agents says which entries name agents' keys, so that opening need not look for them. It is
// derived: whoever reads it holds it against the ledger, and reads that instead where it is wrong.

/** The changes of agents' keys in a journal's first entries. */
export interface AgentsFile {
  /** How many entries were looked through. */
  readonly size: number;
  /** The hash of the last one of them. */
  readonly hash: Hash;
  readonly changes: readonly PlacedAgentChange[];
}

/** A larger one is not read: nothing hangs on it but time. */
const MAX_AGENTS_BYTES = 64 * 1024 * 1024;

/** What the file says; undefined when there is none that can be read. */
export async function readAgentsFile(
  disk: Disk,
  hasher: Hasher,
  directory: string,
): Promise<AgentsFile | undefined> {
  const bytes = await readFileIfAny(disk, join(directory, AGENTS), MAX_AGENTS_BYTES);
  if (!bytes) return undefined;
  try {
    return parse(hasher, JSON.parse(decodeUtf8(bytes) ?? ""));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof SteleError) return undefined;
    throw error;
  }
}

/** Replaces the file. It need not survive a power cut. */
export async function writeAgentsFile(
  disk: Disk,
  directory: string,
  { size, hash, changes }: AgentsFile,
): Promise<void> {
  const events = changes.map(({ seq, ...change }) => ({ seq, event: agentEvent(change).text }));
  const text = `${JSON.stringify({ size, hash, changes: events })}\n`;
  await replaceFile(disk, directory, AGENTS, utf8(text));
}

/** Whether both are the same changes at the same places. */
export function areSameChanges(
  left: readonly PlacedAgentChange[],
  right: readonly PlacedAgentChange[],
): boolean {
  return left.map(textOf).join() === right.map(textOf).join();
}

function textOf({ seq, ...change }: PlacedAgentChange): string {
  return `${seq} ${agentEvent(change).text}`;
}

function parse(hasher: Hasher, untrusted: unknown): AgentsFile | undefined {
  const { size, hash, changes } = (untrusted ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof size !== "number" || !isHash(hash) || !Array.isArray(changes)) return undefined;
  const placed = changes.map((change: unknown) => {
    const { seq, event } = (change ?? {}) as Readonly<Record<string, unknown>>;
    const stated: AgentChange | undefined =
      typeof event === "string" ? parseAgentChange(hasher, event) : undefined;
    if (!stated || typeof seq !== "number") throw new SyntaxError("no change of agents' keys");
    return { ...stated, seq };
  });
  return { size, hash, changes: placed };
}
