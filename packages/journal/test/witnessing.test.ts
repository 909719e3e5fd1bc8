import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SteleError, type Journal, type OpenOptions } from "@stele/journal";
import { SimulatedClock } from "@stele/store/testing";
import { COSIGNED_AT, FakeWitness } from "./support/fake-witness.ts";
import { settleTurns } from "./support/gate.ts";
import { MemoryDisk } from "./support/memory-disk.ts";
import {
  DIRECTORY,
  memoryWorld,
  newMemoryJournal,
  openInMemory,
} from "./support/memory-journal.ts";

const PATH = `${DIRECTORY}/checkpoint`;
const note = { type: "note" };
const COSIGNED = new Date(COSIGNED_AT * 1000).toISOString();

suite("a journal with a witness", () => {
  test("has its checkpoints countersigned a second after something was sealed", async () => {
    const { disk, clock, journal, witness } = await start();
    await journal.append(note);
    await settleTurns();
    assert.deepEqual(witness.asked, []);
    await pass(clock, 1000);
    assert.deepEqual(witness.asked, [1]);
    assert.equal(textOf(disk), witness.sign(await journal.checkpoint({ seal: true })));
    assert.equal(await journal.checkpoint(), textOf(disk));
    for (let second = 0; second < 3; second++) {
      await Promise.all([journal.append(note), journal.append(note)]);
      await pass(clock, 1000);
    }
    assert.deepEqual(witness.asked, [1, 3, 5, 7], "with proofs that it accepted");
    await pass(clock, 100_000);
    assert.equal(witness.asked.length, 4, "nothing to ask for");
  });

  test("publishes only what the quorum countersigned", async () => {
    const { disk, clock, journal, witness } = await start();
    await journal.append(note);
    await pass(clock, 1000);
    const before = textOf(disk);
    witness.failure = "no";
    await journal.append(note);
    await pass(clock, 1000);
    assert.equal(textOf(disk), before);
    await journal.close();
    assert.equal(textOf(disk), before);
  });

  test("writes cosignatures in the order given, each once", async () => {
    const { disk, clock, journal, witness } = await start();
    const other = new FakeWitness("other.example", 12);
    const cosign = witness.cosign.bind(witness);
    witness.cosign = async (text, prove) => {
      const [mine] = (await cosign(text, prove)).cosignatures;
      const theirs = other.sign(text).slice(text.length);
      return { cosignatures: [theirs, mine!, theirs], satisfied: true, failures: [] };
    };
    await journal.append(note);
    await pass(clock, 1000);
    const seal = await journal.checkpoint({ seal: true });
    assert.equal(textOf(disk), other.sign(seal) + witness.sign(seal).slice(seal.length));
  });

  test("goes on while the witness fails, asks again less and less often, and recovers", async () => {
    const problems: SteleError[] = [];
    const onProblem = (problem: SteleError): unknown => problems.push(problem);
    const { clock, journal, witness } = await start({ onProblem });
    witness.failure = "it is asleep";
    await journal.append(note);
    for (let second = 0; second < 600; second++) await pass(clock, 1000);
    assert.ok(witness.asked.length >= 10 && witness.asked.length <= 20, `${witness.asked.length}`);
    assert.deepEqual(
      problems.map(({ message }) => message),
      ["witness witness.example did not countersign: it is asleep"],
    );
    assert.equal((await journal.append(note)).sealedSize, 2);
    witness.failure = undefined;
    await pass(clock, 64_000);
    const { witnessed, problems: left } = await journal.status();
    assert.deepEqual([witnessed!.size, left], [2, []]);
    witness.failure = "asleep again";
    await journal.append(note);
    await pass(clock, 1000);
    assert.equal(problems.length, 2, "told again");
  });

  test("survives a client that rejects", async () => {
    const { clock, journal, witness } = await start();
    witness.before = async () => {
      throw new Error("a bug");
    };
    await journal.append(note);
    await pass(clock, 1000);
    const [problem] = (await journal.status()).problems;
    assert.equal(problem!.code, "WITNESS_UNAVAILABLE");
    assert.match(problem!.message, /a bug/);
    witness.before = async () => {};
    await pass(clock, 64_000);
    assert.deepEqual((await journal.status()).problems, []);
  });

  test("does not write what the client calls cosignatures and are not", async () => {
    const { disk, clock, journal, witness } = await start();
    witness.cosign = async () => ({ cosignatures: ["x\n"], satisfied: true, failures: [] });
    await journal.append(note);
    await pass(clock, 1000);
    assert.equal(textOf(disk), undefined);
    assert.deepEqual(
      (await journal.status()).problems.map(({ code }) => code),
      ["NOTE_MALFORMED"],
    );
  });

  test("says what no witness vouches for", async () => {
    const { clock, journal, witness } = await start();
    const { witnessed } = await journal.status();
    assert.deepEqual(witnessed, { size: 0, at: null, exposure: { entries: 0, sinceMs: 0 } });
    await journal.append(note);
    await pass(clock, 1000);
    witness.failure = "no";
    await clock.advance(5000);
    await journal.append(note);
    await clock.advance(3000);
    await journal.append(note);
    await clock.advance(500);
    assert.deepEqual((await journal.status()).witnessed, {
      size: 1,
      at: COSIGNED,
      exposure: { entries: 2, sinceMs: 3500 },
    });
  });

  test("asks again when it is opened, so that a roll-back comes out", async () => {
    const { disk, clock, journal, witness } = await start();
    await journal.append(note);
    const before = new Map(disk.files);
    await journal.append(note, { ack: "witnessed" });
    await journal.close();
    const rolledBack = new MemoryDisk(before);
    const again = await openWith(rolledBack, clock, { witness });
    await pass(clock, 1000);
    assert.deepEqual(
      (await again.status()).problems.map(({ code }) => code),
      ["WITNESS_AHEAD"],
    );
    await again.close();
    assert.equal(textOf(rolledBack), undefined);
  });
});

suite("an append that is to be witnessed", () => {
  test("resolves when a cosigned checkpoint that covers it is in the file", async () => {
    const { disk, journal, witness } = await start();
    const receipt = await journal.append(note, { ack: "witnessed" });
    assert.deepEqual([receipt.seq, receipt.sealedSize, receipt.witnessedSize], [0, 1, 1]);
    assert.equal(textOf(disk), witness.sign(await journal.checkpoint({ seal: true })));
    assert.equal((await journal.append(note)).witnessedSize, undefined);
  });

  test("shares its request with all that came while the one before was under way", async () => {
    const { journal, witness } = await start();
    const answers: (() => void)[] = [];
    witness.before = () => new Promise((resolve) => answers.push(resolve));
    const appends = [journal.append(note, { ack: "witnessed" })];
    await settleTurns();
    for (let count = 0; count < 20; count++) {
      appends.push(journal.append(note, { ack: "witnessed" }));
      await settleTurns();
    }
    assert.deepEqual(witness.asked, [1]);
    answers.shift()!();
    await settleTurns();
    assert.deepEqual(witness.asked, [1, 21]);
    answers.shift()!();
    const sizes = (await Promise.all(appends)).map(({ witnessedSize }) => witnessedSize);
    assert.deepEqual(sizes, [1, ...Array.from({ length: 20 }, () => 21)]);
  });

  test("is told when the file cannot be written, in time", async () => {
    const { disk, clock, journal } = await start();
    disk.beforeRun = async ([step]) => {
      if (step!.kind === "replace") throw new SteleError("DISK_FULL", "no space left");
    };
    const refusal = assert.rejects(journal.append(note, { ack: "witnessed" }), {
      code: "WITNESS_UNAVAILABLE",
    });
    for (let second = 0; second < 16; second++) await pass(clock, 1000);
    await refusal;
  });

  test("rejects after 15 seconds without a quorum; the entry is there all the same", async () => {
    const { clock, journal, witness } = await start();
    witness.failure = "no";
    const refusal = assert.rejects(
      journal.append(note, { ack: "witnessed" }),
      (error: SteleError) => {
        assert.equal(error.code, "WITNESS_UNAVAILABLE");
        assert.equal(error.seq, 0);
        assert.match(error.message, /^entry 0 is sealed and on disk, but not witnessed: no quorum/);
        return true;
      },
    );
    for (let second = 0; second < 14; second++) await pass(clock, 1000);
    assert.equal(witness.asked.length, 15, "once a second while somebody waits");
    await pass(clock, 1000);
    await refusal;
    assert.equal(journal.sealedSize, 1);
  });

  test("rejects when the journal is closed, which waits for no witness", async () => {
    const { disk, journal, witness } = await start();
    const answer = Promise.withResolvers<void>();
    witness.before = () => answer.promise;
    const refusal = assert.rejects(journal.append(note, { ack: "witnessed" }), {
      code: "WITNESS_UNAVAILABLE",
      message: /entry 0 is sealed and on disk.*the journal is closed/,
    });
    await settleTurns();
    await journal.close();
    await refusal;
    answer.resolve();
    await settleTurns();
    assert.equal(textOf(disk), undefined, "an answer that comes too late changes nothing");
  });

  test("fails for good when a witness has seen more than there is", async () => {
    const problems: SteleError[] = [];
    const onProblem = (problem: SteleError): unknown => problems.push(problem);
    const { journal, witness, clock } = await start({ onProblem });
    const ahead = new FakeWitness();
    witness.cosign = async (text, prove) => {
      ahead.seen = { origin: "", size: 7, root: "" as never };
      return ahead.cosign(text, prove);
    };
    const ahead7 = { code: "WITNESS_AHEAD", message: /has seen 7 entries, the journal has 1/ };
    await assert.rejects(journal.append(note, { ack: "witnessed" }), ahead7);
    await assert.rejects(journal.append(note, { ack: "witnessed" }), ahead7);
    await assert.rejects(journal.witnessSealed(), ahead7);
    assert.deepEqual(ahead.asked, [1]);
    assert.equal((await journal.append(note)).sealedSize, 3);
    await pass(clock, 100_000);
    assert.deepEqual(ahead.asked, [1]);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["WITNESS_AHEAD"],
    );
    assert.deepEqual(
      (await journal.status()).problems.map(({ code }) => code),
      ["WITNESS_AHEAD"],
    );
  });

  test("does not mind one witness that claims to be ahead when the others are enough", async () => {
    const { journal, witness } = await start();
    const cosign = witness.cosign.bind(witness);
    witness.cosign = async (...call) => {
      const outcome = await cosign(...call);
      return { ...outcome, failures: [{ witness: "liar", reason: "so it says", ahead: 99 }] };
    };
    assert.equal((await journal.append(note, { ack: "witnessed" })).witnessedSize, 1);
    assert.deepEqual(
      (await journal.status()).problems.map(({ code }) => code),
      ["WITNESS_AHEAD"],
    );
    assert.equal((await journal.append(note, { ack: "witnessed" })).witnessedSize, 2);
  });

  test("of an event that is known already waits for the witness as well", async () => {
    const { journal, witness } = await start();
    const event = { type: "note", id: "one" };
    const first = await journal.append(event);
    assert.deepEqual(witness.asked, []);
    const again = await journal.append(event, { ack: "witnessed" });
    assert.deepEqual(again, { ...first, witnessedSize: 1 });
  });

  test("needs a witness", async () => {
    const journal = await openInMemory(await newMemoryJournal());
    await assert.rejects(journal.append(note, { ack: "witnessed" }), { code: "OPTION_INVALID" });
    await assert.rejects(journal.witnessSealed(), { code: "OPTION_INVALID" });
    assert.equal(journal.sealedSize, 0);
  });

  test("may ask for what was sealed before", async () => {
    const { journal, witness } = await start();
    assert.equal(await journal.witnessSealed(), 0);
    await journal.append(note);
    await journal.append(note);
    assert.equal(await journal.witnessSealed(), 2);
    assert.equal(await journal.witnessSealed(), 2);
    assert.deepEqual(witness.asked, [2]);
    witness.failure = "no";
    await journal.append(note);
    await assert.rejects(journal.witnessSealed(), {
      code: "WITNESS_UNAVAILABLE",
      message: /^entries from 2 on are not witnessed/,
    });
    assert.deepEqual(witness.asked, [2, 3], "once, without waiting");
  });
});

test("asking for what is sealed goes beyond a request that began before", async () => {
  const { journal, witness } = await start();
  const answer = Promise.withResolvers<void>();
  witness.before = () => answer.promise;
  await journal.append(note);
  const first = journal.witnessSealed();
  await settleTurns();
  await journal.append(note);
  const second = journal.witnessSealed();
  answer.resolve();
  assert.deepEqual(await Promise.all([first, second]), [1, 2]);
  assert.deepEqual(witness.asked, [1, 2]);
});

test("closing waits for a cosigned checkpoint that is being written", async () => {
  const { disk, journal, witness } = await start();
  const passage = Promise.withResolvers<void>();
  await journal.append(note);
  disk.beforeRun = ([step]) => (step!.kind === "replace" ? passage.promise : Promise.resolve());
  const asked = journal.witnessSealed();
  await settleTurns();
  let isClosed = false;
  const closed = journal.close().then(() => (isClosed = true));
  await settleTurns();
  assert.equal(isClosed, false);
  passage.resolve();
  await closed;
  assert.equal(textOf(disk), witness.sign(await journal.checkpoint({ seal: true })));
  assert.equal(await asked, 1);
});

test("a wrong tile spoils no proof", async () => {
  const { disk, journal, witness } = await start();
  const appendMany = async (count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, async () => journal.append(note)));
  await appendMany(100);
  await journal.witnessSealed();
  await appendMany(500);
  await settleTurns();
  const path = `${DIRECTORY}/tile/0/000`;
  const tile = new Uint8Array(disk.files.get(path)!);
  tile[40 * 32]! ^= 1;
  disk.files.set(path, tile);
  assert.equal(await journal.witnessSealed(), 600);
  assert.deepEqual(witness.asked, [100, 600]);
});

interface Started {
  readonly disk: MemoryDisk;
  readonly clock: SimulatedClock;
  readonly journal: Journal;
  readonly witness: FakeWitness;
}

async function start(options: OpenOptions = {}): Promise<Started> {
  const disk = await newMemoryJournal();
  const clock = new SimulatedClock();
  const witness = new FakeWitness();
  return { disk, clock, witness, journal: await openWith(disk, clock, { witness, ...options }) };
}

function openWith(disk: MemoryDisk, clock: SimulatedClock, options: OpenOptions): Promise<Journal> {
  return openInMemory(disk, { world: { ...memoryWorld(disk), clock }, ...options });
}

async function pass(clock: SimulatedClock, ms: number): Promise<void> {
  await settleTurns();
  await clock.advance(ms);
  await settleTurns();
}

function textOf(disk: MemoryDisk): string | undefined {
  const bytes = disk.files.get(PATH);
  return bytes && Buffer.from(bytes).toString();
}
