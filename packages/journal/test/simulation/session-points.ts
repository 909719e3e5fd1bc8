import assert from "node:assert/strict";
import { formatVerifierKey, signingKey, type Signer, type SigningKey } from "@stele/core/key";
import { openJournal, SteleError, type Journal, type World } from "@stele/journal";
import { createJournalFiles } from "@stele/store";
import { SeededRandom, SimulatedClock, SimulatedDisk } from "@stele/store/testing";
import { FAULTS, type Fault } from "./crash-points.ts";
import { quickPrimitives } from "./quick-primitives.ts";

const DIRECTORY = "journal";
const SIGNER = signerOf(key("sim.example/sessions", 7));
const CRITIC = signerOf(key("critic-1", 8));
const CRITIC_KEY = { agent: "critic-1", publicKey: formatVerifierKey(CRITIC.key) };
const AMOUNT = 100n;

/** Reserved, and what becomes of that: so much is spent, or it is released. */
const PLANS: Readonly<Record<string, { readonly held: bigint; readonly spent: bigint | "none" }>> =
  {
    r1: { held: 30n, spent: 20n },
    r2: { held: 10n, spent: "none" },
    r3: { held: 5n, spent: 15n },
    r4: { held: 25n, spent: 25n },
    r5: { held: 7n, spent: "none" },
  };

/** How far something got: from what was acknowledged to what was asked for. */
interface Progress {
  acknowledged: number;
  asked: number;
}

/** What the outside knows. */
class Known {
  created = false;
  signed = 0;
  readonly #progress = new Map<string, Progress>();

  of(name: string): Progress {
    const known = this.#progress.get(name) ?? { acknowledged: 0, asked: 0 };
    this.#progress.set(name, known);
    return known;
  }

  /** A step of something, which has it done once it resolves. */
  async step(name: string, run: () => Promise<unknown>): Promise<void> {
    const progress = this.of(name);
    progress.asked++;
    await run();
    progress.acknowledged++;
  }

  requireWithin(name: string, found: number): void {
    const { acknowledged, asked } = this.of(name);
    const range = `${name} got to ${found}, not from ${acknowledged} to ${asked}`;
    assert.ok(found >= acknowledged && found <= asked, range);
  }
}

function key(name: string, seedByte: number): SigningKey {
  return signingKey(quickPrimitives, name, new Uint8Array(32).fill(seedByte));
}

function signerOf(signing: SigningKey): Signer {
  return { key: signing, sign: (message) => quickPrimitives.sign(signing.seed, message) };
}

function worldOf(disk: SimulatedDisk): World {
  const clock = new SimulatedClock();
  return { disk, clock, random: new SeededRandom(5), primitives: quickPrimitives };
}

function open(disk: SimulatedDisk): Promise<Journal> {
  const options = { deduplicationWindow: 0, index: false } as const;
  return openJournal(DIRECTORY, { world: worldOf(disk), signer: SIGNER, ...options });
}

/** A budget that is spent, and an agent whose key comes, signs, goes and comes back. */
async function live(disk: SimulatedDisk, known: Known): Promise<void> {
  await createJournalFiles(worldOf(disk), DIRECTORY, { signer: SIGNER, segmentBytes: 2048 });
  known.created = true;
  const journal = await open(disk);
  const session = await journal.session("s");
  await known.step("budget", () => session.openBudget("b", AMOUNT));
  await known.step("key", () => journal.addAgentKey(CRITIC_KEY));
  await all([spend(journal, "r1", known), sign(journal, known), spend(journal, "r2", known)]);
  await known.step("key", () => journal.retireAgentKey(CRITIC_KEY));
  await spend(journal, "r3", known);
  await known.step("key", () => journal.addAgentKey(CRITIC_KEY));
  await all([sign(journal, known), spend(journal, "r4", known), spend(journal, "r5", known)]);
  await journal.close();
}

/** Nothing of it goes on when one of them has failed. */
async function all(pending: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(pending);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}

async function spend(journal: Journal, reservation: string, known: Known): Promise<void> {
  const budget = (await journal.session("s")).budget("b");
  const { held, spent } = PLANS[reservation]!;
  await known.step(reservation, () => budget.reserve(held, { reservation }));
  await known.step(reservation, () =>
    spent === "none" ? budget.release(reservation) : budget.commit(reservation, spent),
  );
}

async function sign(journal: Journal, known: Known): Promise<void> {
  await journal.append({ type: "note", agent: "critic-1" }, { signer: CRITIC });
  known.signed++;
}

/**
 * Every call of the life, each with every fault that can befall it; a share of them. Returns how
 * many were tried.
 */
export async function crashAtEveryCall(share: {
  readonly index: number;
  readonly of: number;
}): Promise<number> {
  const trace = new SimulatedDisk();
  await live(trace, new Known());
  let tried = 0;
  for (const [call, { operation }] of trace.trace.entries()) {
    for (const [place, fault] of FAULTS.entries()) {
      if ((call + place) % share.of !== share.index) continue;
      if (fault.operation !== undefined && fault.operation !== operation) continue;
      tried++;
      try {
        await crashOnce(call, fault);
      } catch (cause) {
        const point = `${fault.name} at call ${call} (${operation})`;
        throw new Error(`${point}: ${(cause as Error).message}`, { cause });
      }
    }
  }
  return tried;
}

async function crashOnce(call: number, fault: Fault): Promise<void> {
  const known = new Known();
  const disk = new SimulatedDisk();
  fault.plan(disk, call);
  await live(disk, known).catch((error: unknown) => {
    assert.ok(error instanceof SteleError, `an uncoded error: ${String(error)}`);
  });
  if (!known.created) return;
  const left = fault.aftermath(disk, call);
  await checkAftermath(left, known);
  await checkAftermath(left.crash(call + 1), known);
}

async function checkAftermath(disk: SimulatedDisk, known: Known): Promise<void> {
  const journal = await open(disk);
  await checkBudget(journal, known);
  await checkAgents(journal, disk, known);
  await journal.close();
}

async function checkBudget(journal: Journal, known: Known): Promise<void> {
  const session = await journal.session("s");
  known.requireWithin("budget", session.budgets().length);
  const budget = session.budgetState("b");
  if (!budget) return;
  const { amount, remaining, reserved, committed } = budget;
  assert.equal(amount, AMOUNT);
  assert.equal(remaining + reserved + committed, amount);
  const settled = new Set<unknown>();
  let spentByRecords = 0n;
  for await (const { event } of session.entries()) {
    const data = event.data as { readonly reservation?: string; readonly amountMicros?: number };
    if (event.type !== "budget.committed" && event.type !== "budget.released") continue;
    assert.ok(!settled.has(data.reservation), `${data.reservation} is settled twice`);
    settled.add(data.reservation);
    if (event.type === "budget.committed") spentByRecords += BigInt(data.amountMicros!);
  }
  assert.equal(committed, spentByRecords);
  for (const [name, { held }] of Object.entries(PLANS)) {
    const isOpen = budget.open.has(name);
    if (isOpen) assert.equal(budget.open.get(name), held);
    known.requireWithin(name, settled.has(name) ? 2 : Number(isOpen));
  }
  assert.ok((await session.verify()).intact);
}

async function checkAgents(journal: Journal, disk: SimulatedDisk, known: Known): Promise<void> {
  const { verdict, firstBad, signatures } = await journal.verify({ threads: 1 });
  assert.equal(verdict, "intact", firstBad?.reason);
  assert.ok(signatures.checked >= known.signed);
  const keys = await journal.agentKeys();
  await disk.remove(`${DIRECTORY}/agents`).catch(() => undefined);
  assert.deepEqual(await journal.agentKeys(), keys, "the derived file says what the entries say");
  const changes = (await Array.fromAsync(journal.read())).filter(
    ({ event }) => event.type === "stele.agent",
  );
  known.requireWithin("key", changes.length);
  const isActive = keys.some(({ retired }) => retired === null);
  assert.equal(isActive, changes.length % 2 === 1);
  const signing = journal.append({ type: "note", agent: "critic-1" }, { signer: CRITIC });
  if (isActive) await signing;
  else await assert.rejects(signing, { code: "AGENT_KEY_UNKNOWN" });
}

// Run as a program: which share of how many.
if (import.meta.main) {
  const [index = 0, of = 1] = process.argv.slice(2).map(Number);
  process.stdout.write(`${await crashAtEveryCall({ index, of })}\n`);
}
