import assert from "node:assert/strict";
import { contentReferences } from "@stele/core/content";
import { signingKey, type Signer } from "@stele/core/key";
import { openJournal, SteleError, type Journal, type World } from "@stele/journal";
import { createJournalFiles } from "@stele/store";
import { SeededRandom, SimulatedClock, SimulatedDisk } from "@stele/store/testing";
import { FAULTS, type Fault } from "./crash-points.ts";
import { quickPrimitives } from "./quick-primitives.ts";

const DIRECTORY = "journal";
const KEY = signingKey(quickPrimitives, "sim.example/erasing", new Uint8Array(32).fill(7));
const SIGNER: Signer = {
  key: KEY,
  sign: (message) => quickPrimitives.sign(KEY.seed, message),
};
const ERASED_SUBJECT = "user-1";

/** What the outside knows. */
interface Known {
  created: boolean;
  /** Whether an erasure of all contents of the subject so far was acknowledged, and up to where. */
  erasedBelow: number;
  readonly acknowledged: Map<number, string>;
}

function worldOf(disk: SimulatedDisk): World {
  const clock = new SimulatedClock();
  return { disk, clock, random: new SeededRandom(5), primitives: quickPrimitives };
}

function open(disk: SimulatedDisk): Promise<Journal> {
  return openJournal(DIRECTORY, { world: worldOf(disk), signer: SIGNER, deduplicationWindow: 0 });
}

/** Two erasures, the second one beside appends, in a journal of several segments. */
async function live(disk: SimulatedDisk, known: Known): Promise<void> {
  const segmentBytes = 3000;
  await createJournalFiles(worldOf(disk), DIRECTORY, { signer: SIGNER, segmentBytes });
  known.created = true;
  const journal = await open(disk);
  for (let round = 0; round < 3; round++) await append(journal, known);
  await erase(journal, known);
  await all([append(journal, known), append(journal, known)]);
  await all([append(journal, known), erase(journal, known), append(journal, known)]);
  await append(journal, known);
  await journal.close();
}

/** Nothing of it goes on when one of them has failed. */
async function all(pending: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(pending);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}

async function append(journal: Journal, known: Known): Promise<void> {
  for (const subject of [ERASED_SUBJECT, "user-2"]) {
    const body = `${subject} says ${"x".repeat(60)}`;
    const { seq } = await journal.append({ type: "note", subject }, { content: { body } });
    known.acknowledged.set(seq, body);
  }
}

async function erase(journal: Journal, known: Known): Promise<void> {
  const below = journal.sealedSize;
  await journal.erase({ subject: ERASED_SUBJECT, reason: "asked to" });
  known.erasedBelow = below;
}

/**
 * Every call of the life from its first erasure on, each with every fault that can befall it.
 * Returns how many were tried.
 */
export async function crashAtEveryCall(share: {
  readonly index: number;
  readonly of: number;
}): Promise<number> {
  const trace = new SimulatedDisk();
  await live(trace, newKnown());
  let tried = 0;
  const begin = trace.trace.findIndex(({ path }) => path.includes("/content/erasing"));
  for (const [call, { operation }] of trace.trace.entries()) {
    if (call < begin || call % share.of !== share.index) continue;
    for (const fault of FAULTS) {
      if (fault.operation !== undefined && fault.operation !== operation) continue;
      tried++;
      try {
        await crashOnce(call, fault);
      } catch (cause) {
        const place = `${fault.name} at call ${call} (${operation})`;
        throw new Error(`${place}: ${(cause as Error).message}`, { cause });
      }
    }
  }
  return tried;
}

function newKnown(): Known {
  return { created: false, erasedBelow: 0, acknowledged: new Map() };
}

async function crashOnce(call: number, fault: Fault): Promise<void> {
  const known = newKnown();
  const disk = new SimulatedDisk();
  fault.plan(disk, call);
  await live(disk, known).catch((error: unknown) => {
    assert.ok(error instanceof SteleError, `an uncoded error: ${String(error)}`);
  });
  if (!known.created) return;
  let left = fault.aftermath(disk, call);
  if (call % 2 === 0) {
    // The power fails again while the next opening finishes what was begun.
    left.crashAt((call * 7) % 90);
    await open(left)
      .then((journal) => journal.close())
      .catch(() => undefined);
    left = left.crash(call);
  }
  await checkAftermath(left, known);
  await checkAftermath(left.crash(call + 1), known);
}

async function checkAftermath(disk: SimulatedDisk, known: Known): Promise<void> {
  const journal = await open(disk);
  const { verdict, firstBad, contents } = await journal.verify({ threads: 1 });
  assert.equal(verdict, "intact", firstBad?.reason);
  assert.equal(contents.unerased, 0, "an erasure that is recorded was not finished");
  const entries = await Array.fromAsync(journal.read());
  for (const seq of known.acknowledged.keys()) assert.ok(entries[seq], `entry ${seq} is gone`);
  const saying = entries.filter(({ event }) => event.type === "stele.erased").map(({ seq }) => seq);
  for (const { seq, event } of entries) {
    if (contentReferences(event).size === 0) continue;
    const isErased = event["subject"] === ERASED_SUBJECT && (await isGone(journal, seq, saying));
    if (!isErased) {
      const body = Buffer.from((await journal.content(seq, "body"))!).toString();
      assert.equal(body.split(" ")[0], event["subject"]);
      assert.ok(event["subject"] !== ERASED_SUBJECT || seq >= known.erasedBelow, `${seq} is left`);
    }
  }
  const names = await disk.list(`${DIRECTORY}/content`);
  assert.deepEqual(
    names.filter((name) => !/^([0-9]+\.jsonl|erasing\.tmp)$/.test(name)),
    [],
  );
  const { contents: left } = await journal.erase({ subject: ERASED_SUBJECT, reason: "again" });
  assert.ok(left >= 0);
  const after = await journal.verify({ threads: 1 });
  assert.equal(after.verdict, "intact", after.firstBad?.reason);
  await journal.close();
}

async function isGone(journal: Journal, seq: number, saying: readonly number[]): Promise<boolean> {
  try {
    await journal.content(seq, "body");
    return false;
  } catch (error) {
    assert.ok(error instanceof SteleError && error.code === "CONTENT_ERASED", String(error));
    assert.ok(saying.includes(error.seq!));
    return true;
  }
}

// Run as a program: which share of how many.
if (import.meta.main) {
  const [index = 0, of = 1] = process.argv.slice(2).map(Number);
  process.stdout.write(`${await crashAtEveryCall({ index, of })}\n`);
}
