import assert from "node:assert/strict";
import {
  openJournal,
  SteleError,
  type Entry,
  type Event,
  type Journal,
  type Receipt,
} from "@stele/journal";
import { Frontier } from "@stele/core/frontier";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { decodeUtf8 } from "@stele/core/bytes";
import { parseHeader, segmentName } from "@stele/core/ledger";
import {
  sameKey,
  signingKey,
  type Signer,
  type SigningKey,
  type VerifierKey,
} from "@stele/core/key";
import { parseNote } from "@stele/core/note";
import { createJournalFiles, type World } from "@stele/store";
import { SeededRandom, SimulatedClock, type SimulatedDisk } from "@stele/store/testing";
import { quickPrimitives } from "./quick-primitives.ts";
import { StrictWitness } from "./witness.ts";

const DIRECTORY = "journal";
/** Small, so that a short run rotates several times. */
const SEGMENT_BYTES = 2048;
const KEY = signingKey(quickPrimitives, "sim.example/journal", new Uint8Array(32).fill(7));

/** What the outside knows of a journal that ran on disks that failed. */
export class Witnessed {
  /** Receipts of appends that were acknowledged as synced, by event number. */
  readonly acknowledged = new Map<number, Receipt>();
  /** Receipts of appends that were acknowledged as witnessed. */
  readonly cosigned: Receipt[] = [];
  readonly witness = new StrictWitness();
  /** The roots that were ever signed, by size. */
  readonly signed = new Map<number, Set<string>>();
  created = false;
  closed = false;
  nextEvent = 0;
  /** Entries from here on were never to be dropped. */
  prunedBefore = 0;

  /** The journal's keys, in the order in which they may follow each other. */
  readonly #keys: SigningKey[] = [KEY];

  /** What seals for the key that the journal says it has. */
  signer(wanted: VerifierKey): Signer {
    const key = this.#keys.find((known) => sameKey(known, wanted));
    assert.ok(key, "the journal names a key that was never given");
    const sign = (message: Uint8Array): Uint8Array => {
      const { size, root } = parseCheckpoint(decodeUtf8(message)!);
      this.signed.set(size, (this.signed.get(size) ?? new Set()).add(root));
      return quickPrimitives.sign(key.seed, message);
    };
    return { key, sign };
  }

  /** What seals after a rotation: a new key each time. */
  nextSigner(): Signer {
    const seed = new Uint8Array(32).fill(100 + this.#keys.length);
    const key = signingKey(quickPrimitives, KEY.name, seed);
    this.#keys.push(key);
    return this.signer(key);
  }
}

function worldOf(disk: SimulatedDisk, seed: number): World {
  return {
    disk,
    clock: new SimulatedClock(),
    random: new SeededRandom(seed),
    primitives: quickPrimitives,
  };
}

/** Runs the scripted life of a journal until it ends or the disk fails. Rejects with what ended it. */
export async function live(disk: SimulatedDisk, seed: number, witnessed: Witnessed): Promise<void> {
  const clock = new SimulatedClock();
  const world = { ...worldOf(disk, seed), clock };
  const random = new SeededRandom(seed);
  if (!witnessed.created) {
    await createJournalFiles(world, DIRECTORY, {
      signer: new Witnessed().signer(KEY),
      segmentBytes: SEGMENT_BYTES,
    });
    witnessed.created = true;
  }
  const hasWitness = seed % 3 === 0;
  const journal = await open(world, witnessed, hasWitness);
  const rounds = 2 + random.below(6);
  for (let round = 0; round < rounds; round++) {
    // Sometimes DIR/checkpoint becomes due while commits are under way.
    const passing = random.below(3) === 0 ? clock.advance(1000) : undefined;
    // Sometimes the key changes among the appends.
    const rotates = random.below(4) === 0;
    const rotation = rotates ? journal.rotateKey({ next: witnessed.nextSigner() }) : undefined;
    // Sometimes old segments are dropped meanwhile.
    const pruning = random.below(3) === 0 ? pruneSome(journal, random, witnessed) : undefined;
    const appends = appendSome(journal, random, { witnessed, hasWitness });
    await hurrying(clock, Promise.allSettled([appends, rotation, pruning]));
    await passing;
    const failed = (await appends).find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
    await rotation;
    await pruning;
  }
  await journal.close();
  witnessed.closed = true;
}

function pruneSome(journal: Journal, random: SeededRandom, witnessed: Witnessed): Promise<unknown> {
  const before = random.below(journal.sealedSize + 1);
  witnessed.prunedBefore = Math.max(witnessed.prunedBefore, before);
  return journal.prune({ before, reason: "simulated" });
}

/** Lets time pass when nothing else happens any more: appends may be waiting for the witness. */
async function hurrying<T>(clock: SimulatedClock, pending: Promise<T>): Promise<T> {
  let isOver = false;
  const settled = pending.finally(() => {
    isOver = true;
  });
  for (let turn = 0; !isOver; turn++) {
    await clock.turn();
    if (turn > QUIET_TURNS) await clock.advance(1000);
  }
  return settled;
}

/** Far more than what a commit and a checkpoint take on the simulated disk. */
const QUIET_TURNS = 200;

function open(world: World, witnessed: Witnessed, hasWitness = false): Promise<Journal> {
  const signer = (key: VerifierKey): Signer => witnessed.signer(key);
  const witness = hasWitness ? witnessed.witness : undefined;
  return openJournal(DIRECTORY, { world, signer, witness, deduplicationWindow: 50 });
}

/** What the outside is, and whether it is asked. */
interface Outside {
  readonly witnessed: Witnessed;
  readonly hasWitness: boolean;
}

async function appendSome(
  journal: Journal,
  random: SeededRandom,
  outside: Outside,
): Promise<PromiseSettledResult<void>[]> {
  const count = 1 + random.below(8);
  const appends = Array.from({ length: count }, () => appendOne(journal, random, outside));
  return Promise.allSettled(appends);
}

async function appendOne(
  journal: Journal,
  random: SeededRandom,
  { witnessed, hasWitness }: Outside,
): Promise<void> {
  const number = witnessed.nextEvent++;
  const event = { type: "sim.event", id: `event-${number}`, data: filler(random) };
  const most = hasWitness ? "witnessed" : "synced";
  const ack = ([most, "synced", "synced", "written", "queued"] as const)[random.below(5)]!;
  const content = random.below(4) === 0 ? { content: { body: `body ${number}` } } : {};
  const receipt = await journal.append(event, { ack, ...content });
  if (ack === "witnessed") witnessed.cosigned.push(receipt);
  if (ack === "synced" || ack === "witnessed") witnessed.acknowledged.set(number, receipt);
}

function filler(random: SeededRandom): { readonly text: string } {
  return { text: "é".repeat(random.below(150)) };
}

/**
 * Opens what a failure left and checks every promise: it opens; what was acknowledged is there;
 * what is there was sealed by us and is intact; the record says what was set aside; and it goes on.
 */
export async function checkAftermath(
  disk: SimulatedDisk,
  seed: number,
  witnessed: Witnessed,
): Promise<void> {
  if (!witnessed.created) return checkCreatable(disk, seed);
  const world = worldOf(disk, seed);
  const publishedSize = await checkPublished(world, witnessed);
  const journal = await open(world, witnessed);
  assert.ok(publishedSize <= journal.sealedSize, "DIR/checkpoint is ahead of the ledger");
  const entries = await Array.fromAsync(journal.read());
  const first = await checkPruned(world, journal, { entries, witnessed });
  for (const [number, receipt] of witnessed.acknowledged) {
    if (receipt.seq < first) continue;
    const entry = entries[receipt.seq - first];
    assert.equal(entry?.hash, receipt.hash, `acknowledged entry ${receipt.seq} is not there`);
    assert.equal(entry.event.id, `event-${number}`);
  }
  const verdict = await journal.verify({ threads: 1 });
  assert.equal(verdict.verdict, "intact", verdict.firstBad?.reason);
  assert.equal(verdict.unsealed.bytes, 0);
  for (const { seq, event } of entries) {
    if (event["content"] === undefined) continue;
    const body = await journal.content(seq, "body");
    assert.equal(Buffer.from(body!).toString(), `body ${event.id!.slice("event-".length)}`);
  }
  await checkSetAside(world, entries, { witnessed, first });
  await checkGoesOn(journal, witnessed);
  await journal.close();
}

/**
 * What was dropped is what a sealed entry says, all of it, and no more than was asked for. Returns
 * the first entry that is kept.
 */
async function checkPruned(
  world: World,
  journal: Journal,
  found: { readonly entries: readonly Entry[]; readonly witnessed: Witnessed },
): Promise<number> {
  const records = found.entries.filter(({ event }) => event.type === "stele.pruned");
  const cuts = records.map(({ event }) => (event.data as { readonly first: number }).first);
  const first = await journal.first();
  assert.equal(first, Math.max(0, ...cuts), "what a sealed entry says is dropped is");
  assert.ok(first <= found.witnessed.prunedBefore, `entries before ${first} are gone`);
  const names = (await world.disk.list(DIRECTORY)).includes("content")
    ? await world.disk.list(`${DIRECTORY}/content`)
    : [];
  const orphans = names.filter((name) => Number.parseInt(name, 10) < first);
  assert.deepEqual(orphans, [], "contents of dropped segments are left");
  return first;
}

/**
 * DIR/checkpoint is a whole checkpoint of ours or not there, and covers what was acknowledged as
 * witnessed. Returns its size.
 */
async function checkPublished(world: World, witnessed: Witnessed): Promise<number> {
  const names = await world.disk.list(DIRECTORY);
  const needed = Math.max(0, ...witnessed.cosigned.map(({ witnessedSize }) => witnessedSize!));
  if (!names.includes("checkpoint")) {
    assert.equal(needed, 0, "DIR/checkpoint is gone");
    return 0;
  }
  const note = parseNote(await readWhole(world, `${DIRECTORY}/checkpoint`));
  const { size, root } = parseCheckpoint(note.text);
  assert.ok(witnessed.signed.get(size)?.has(root), "DIR/checkpoint was never sealed");
  assert.ok(size >= needed, `DIR/checkpoint is of ${size} entries, witnessed were ${needed}`);
  assert.ok(needed === 0 || note.signatures.length === 2, "DIR/checkpoint lost its cosignature");
  return size;
}

/** Each piece in quarantine is recorded, and what recovery built on is a tree that we had signed. */
async function checkSetAside(
  world: World,
  entries: readonly Entry[],
  { witnessed, first }: { readonly witnessed: Witnessed; readonly first: number },
): Promise<void> {
  const recovered = entries.filter(({ event }) => event.type === "stele.recovered");
  const recorded = new Map(recovered.map(({ event }) => [file(event), event.data]));
  for (const name of await world.disk.list(`${DIRECTORY}/quarantine`)) {
    assert.ok(!name.endsWith(".pending"), `${name} is not settled`);
    if (name.endsWith(".tmp")) continue;
    const data = recorded.get(`quarantine/${name}`) as { sha256: string } | undefined;
    assert.ok(data, `no entry says that ${name} was set aside`);
    const bytes = await readWhole(world, `${DIRECTORY}/quarantine/${name}`);
    assert.equal(data.sha256, quickPrimitives.sha256(bytes));
  }
  const segment = await readWhole(world, `${DIRECTORY}/ledger/${segmentName(first)}`);
  const { frontier } = parseHeader(segment.subarray(0, segment.indexOf(0x0a)));
  const tree = new Frontier(quickPrimitives, first, frontier);
  for (const { seq, event, hash } of entries) {
    if (event.type === "stele.recovered" && seq > 0) {
      assert.ok(witnessed.signed.get(seq)?.has(tree.root()), `${seq} entries were never sealed`);
    }
    tree.append(hash);
  }
}

function file(event: Event): string {
  return (event.data as { readonly file: string }).file;
}

async function readWhole(world: World, path: string): Promise<Uint8Array> {
  const handle = await world.disk.openRead(path);
  const bytes = new Uint8Array(await handle.size());
  await handle.read(bytes, 0);
  await handle.close();
  return bytes;
}

async function checkGoesOn(journal: Journal, witnessed: Witnessed): Promise<void> {
  const before = journal.sealedSize;
  const number = witnessed.nextEvent++;
  const receipt = await journal.append({ type: "sim.event", id: `event-${number}` });
  assert.equal(receipt.seq, before);
  witnessed.acknowledged.set(number, receipt);
}

/** A crash before the journal was made leaves a directory in which it can be made, or a journal. */
async function checkCreatable(disk: SimulatedDisk, seed: number): Promise<void> {
  const world = worldOf(disk, seed);
  try {
    await createJournalFiles(world, DIRECTORY, {
      signer: new Witnessed().signer(KEY),
      segmentBytes: SEGMENT_BYTES,
    });
  } catch (error) {
    assert.ok(error instanceof SteleError && error.code === "JOURNAL_EXISTS", String(error));
  }
  const journal = await open(world, new Witnessed());
  await journal.close();
}
