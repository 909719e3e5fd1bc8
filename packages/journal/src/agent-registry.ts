import {
  AgentKeys,
  parseAgentChange,
  type AgentChange,
  type PlacedAgentChange,
} from "@stele/core/agent-event";
import { ZERO_HASH, type Hash } from "@stele/core/hash";
import { SteleError } from "@stele/core/error";
import { formatVerifierKey, isSignedBy } from "@stele/core/key";
import { eventMessage, type SignedText } from "@stele/core/signed-event";
import type { World } from "@stele/store";
import {
  agentsBefore,
  readAgentsFile,
  writeAgentsFile,
  type AgentsFile,
} from "@stele/store/agents";
import type { LedgerReader } from "@stele/store/reading";
import { despitePruning } from "./despite-pruning.ts";

/** A key of an agent, as the journal's entries name it. */
export interface AgentKey {
  readonly agent: string;
  /** The vkey; its name is the agent. */
  readonly publicKey: string;
  /** The entry that added it. */
  readonly added: number;
  /** The entry from which on it signs no more; null while it does. */
  readonly retired: number | null;
  /** Whether the agent showed that it has the private key when it was added. */
  readonly isProven: boolean;
}

/** Nobody waits for so many entries to be looked through. */
const WORTH_KEEPING = 1000;

/**
 * All changes of agents' keys, in the entries that are there and those that were dropped and kept.
 * Throws JOURNAL_DAMAGED when those are not what they were. What DIR/agents says is held against
 * the ledger, and only what follows is read; without it every entry is. Memory: flat.
 */
export function readAgents(world: World, directory: string, known: Known): Promise<AgentsFile> {
  const { ledger } = known;
  return despitePruning(
    () => ledger.first(),
    () => readAgentsOnce(world, directory, known),
  );
}

/** What is looked through, and whose it is. */
interface Known {
  readonly ledger: LedgerReader;
  readonly origin: string;
}

async function readAgentsOnce(
  world: World,
  directory: string,
  { ledger, origin }: Known,
): Promise<AgentsFile> {
  const { size } = await ledger.durable();
  const first = await ledger.first();
  const start = { size: first, hash: ZERO_HASH, changes: [] };
  const past = await agentsBefore(world, directory, { origin, first });
  const kept = (await keptAgents(world, directory, { ledger, first, size })) ?? start;
  const changes = [...past.changes, ...kept.changes];
  let { hash } = kept;
  for await (const { entry, line } of ledger.read({ from: kept.size, to: size - 1 })) {
    hash = entry.hash;
    if (entry.event.type !== "stele.agent") continue;
    const change = changeOn(world, line);
    if (change) changes.push({ ...change, seq: entry.seq });
  }
  return { size, hash, changes };
}

/** What DIR/agents says, where the ledger bears it out. */
async function keptAgents(
  world: World,
  directory: string,
  known: { readonly ledger: LedgerReader; readonly first: number; readonly size: number },
): Promise<AgentsFile | undefined> {
  const { ledger, first, size } = known;
  const file = await readAgentsFile(world.disk, world.primitives, directory);
  if (!file || file.size > size || file.size <= first) return undefined;
  if ((await ledger.get(file.size - 1)).entry.hash !== file.hash) return undefined;
  const changes = file.changes.filter(({ seq }) => seq >= first);
  for (const { seq, key, action } of changes) {
    if (seq >= file.size) return undefined;
    const stated = changeOn(world, (await ledger.get(seq)).line);
    const isThat = stated && formatVerifierKey(stated.key) === formatVerifierKey(key);
    if (!isThat || stated.action !== action) return undefined;
  }
  return { ...file, changes };
}

function changeOn({ primitives }: World, line: string): AgentChange | undefined {
  const start = line.indexOf(',"event":') + ',"event":'.length;
  try {
    return parseAgentChange(primitives, line.slice(start, line.lastIndexOf(',"hash":"')));
  } catch (error) {
    // Verification says so; here it names no key.
    if (error instanceof SteleError) return undefined;
    throw error;
  }
}

/** The keys that the changes lead to, in the order in which they were added. */
export function agentKeysOf(changes: readonly PlacedAgentChange[]): readonly AgentKey[] {
  const keys = new Map<string, AgentKey>();
  for (const { seq, action, key, proof } of changes) {
    const publicKey = formatVerifierKey(key);
    const known = keys.get(publicKey);
    const isAdded = action === "add" && (!known || known.retired !== null);
    if (isAdded) {
      const isProven = proof !== undefined;
      keys.set(publicKey, { agent: key.name, publicKey, added: seq, retired: null, isProven });
    } else if (action === "retire" && known?.retired === null) {
      keys.set(publicKey, { ...known, retired: seq });
    }
  }
  return [...keys.values()];
}

/** The agents' keys of a journal that this process appends to. */
export class AgentRegistry {
  readonly #world: World;
  readonly #directory: string;
  readonly #ledger: LedgerReader;
  readonly #origin: string;
  readonly #keys = new AgentKeys();
  #changes: PlacedAgentChange[] = [];
  #savedSize = 0;
  #loading: Promise<void> | undefined;
  #isLoaded = false;

  constructor(
    world: World,
    directory: string,
    { ledger, origin }: { readonly ledger: LedgerReader; readonly origin: string },
  ) {
    this.#world = world;
    this.#directory = directory;
    this.#ledger = ledger;
    this.#origin = origin;
  }

  /** Whether `check` and `has` can be asked. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Whether the key is one that its agent signs with now. */
  has({ key }: AgentChange): boolean {
    return this.#keys.has(key);
  }

  /** Looks for the keys, until they are known. */
  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      if (!this.#isLoaded) this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Throws AGENT_KEY_UNKNOWN, and SIGNATURE_INVALID when the key is there and did not sign this. */
  check({ event, signature }: SignedText): void {
    const agent = event.agent!;
    const keys = this.#keys.find(agent, signature.keyId);
    if (keys.length === 0) {
      const name = `${agent}+${signature.keyId}`;
      const message = `the event is signed with ${name}, which is no key of ${agent} here and now`;
      throw new SteleError("AGENT_KEY_UNKNOWN", message);
    }
    const message = eventMessage(signature.body);
    const { primitives } = this.#world;
    if (keys.some((key) => isSignedBy(primitives, key, message, signature.signature))) return;
    throw new SteleError("SIGNATURE_INVALID", `the signature of ${agent} is not over this event`);
  }

  /** Takes a change that was given its place just now, before anything after it. */
  take(change: AgentChange): void {
    this.#keys.take(change);
  }

  /** Keeps where a change stands. */
  async keep(change: PlacedAgentChange, hash: Hash): Promise<void> {
    this.#changes.push(change);
    this.#changes.sort((left, right) => left.seq - right.seq);
    await this.#save(change.seq + 1, hash);
  }

  /** Before closing: so that the next opening has little to look through. */
  async finish(size: number): Promise<void> {
    if (!this.#isLoaded || size - this.#savedSize < WORTH_KEEPING) return;
    await this.#save(size, (await this.#ledger.get(size - 1)).entry.hash);
  }

  async #load(): Promise<void> {
    const known = { ledger: this.#ledger, origin: this.#origin };
    const { size, hash, changes } = await readAgents(this.#world, this.#directory, known);
    for (const change of changes) this.#keys.take(change);
    this.#changes = [...changes];
    this.#isLoaded = true;
    if (size >= WORTH_KEEPING) await this.#save(size, hash);
  }

  /** What is derived may fail to be written. */
  async #save(size: number, hash: Hash): Promise<void> {
    const changes = this.#changes.filter(({ seq }) => seq < size);
    try {
      await writeAgentsFile(this.#world.disk, this.#directory, { size, hash, changes });
      this.#savedSize = size;
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
    }
  }
}
