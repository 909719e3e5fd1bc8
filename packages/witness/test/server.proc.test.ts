import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { formatAddCheckpoint } from "@stele/core/add-checkpoint";
import { formatCheckpoint } from "@stele/core/checkpoint";
import { ZERO_HASH } from "@stele/core/hash";
import { addLog } from "@stele/witness";
import { readVectors, signed, TestLog } from "./support/log.ts";
import { TestWitness } from "./support/witnesses.ts";

const SIZE_TYPE = "text/x.tlog.size";

test("witness-add-checkpoint.json: recorded requests get the answers that are due", async () => {
  const { logVkey, steps } = readVectors("c2sp/witness-add-checkpoint.json") as {
    readonly logVkey: string;
    readonly steps: readonly { body: string; status: number; answer?: string }[];
  };
  await using witness = await TestWitness.start([logVkey], {}, "example.com/witness");
  for (const [index, { body, status, answer }] of steps.entries()) {
    const got = await witness.post(body);
    assert.equal(got.status, status, `step ${index}: ${got.body}`);
    if (answer !== undefined) assert.deepEqual([got.body, got.type], [answer, SIZE_TYPE]);
    if (status !== 200) continue;
    const [, text = ""] = /\n\n([^]*\n)\n\u2014/.exec(body) ?? [];
    const age = Date.now() / 1000 - witness.timeOf(text, got.body);
    assert.ok(age >= 0 && age < 60, `signed ${age} s ago`);
  }
});

/** Requests after a checkpoint of 5 entries, and the status that each gets. */
function refusals(log: TestLog): readonly (readonly [why: string, status: number, body: string])[] {
  const fork = new TestLog({ forkAt: 3 });
  const stranger = new TestLog({ seed: 2 });
  const elsewhere = new TestLog({ origin: "elsewhere.example/log" });
  const proof = log.proof(5, 8);
  const valid = { oldSize: 5, proof, checkpoint: log.checkpoint(8) };
  const changed = (change: Partial<typeof valid>): string =>
    formatAddCheckpoint({ ...valid, ...change });
  // Another checkpoint's signature is a wrong one here.
  const wrongLine = log.checkpoint(7).split("\n").at(-2)!;
  return [
    ["no request", 400, "hello\n"],
    ["nothing", 400, ""],
    [
      "base64 with trailing bits",
      400,
      changed({ checkpoint: log.checkpoint(8).replace(/[AEIMQUYcgkosw048]=\n$/, "B=\n") }),
    ],
    ["no signature", 400, changed({ checkpoint: log.text(8) })],
    ["64 hashes", 400, changed({ proof: Array.from({ length: 64 }, () => ZERO_HASH) })],
    ["another log", 404, changed({ checkpoint: elsewhere.checkpoint(8) })],
    ["another key", 403, changed({ checkpoint: stranger.checkpoint(8) })],
    [
      "another key, malformed",
      403,
      changed({ checkpoint: signed("tests.example/log\nx\n", stranger.key) }),
    ],
    [
      "a wrong signature too",
      403,
      changed({
        checkpoint: `${log.checkpoint(8)}${wrongLine}\n`,
      }),
    ],
    ["malformed", 400, changed({ checkpoint: signed("tests.example/log\nx\n", log.key) })],
    ["extension lines", 400, changed({ checkpoint: signed(`${log.text(8)}more\n`, log.key) })],
    ["older than it says", 400, changed({ oldSize: 9 })],
    [
      "empty with a root",
      422,
      changed({
        oldSize: 0,
        proof: [],
        checkpoint: signed(
          formatCheckpoint({ origin: log.key.name, size: 0, root: ZERO_HASH }),
          log.key,
        ),
      }),
    ],
    ["another size", 409, changed({ oldSize: 4, proof: log.proof(4, 8) })],
    ["another size, no proof", 409, changed({ oldSize: 0, proof: [] })],
    ["another size, wrong proof", 409, changed({ oldSize: 6 })],
    ["smaller", 409, log.request(3, 4)],
    ["no proof", 422, changed({ proof: [] })],
    ["a hash too many", 422, changed({ proof: [...proof, proof[0]!] })],
    ["proof of another log", 422, fork.request(5, 8)],
    [
      "same size, proof",
      422,
      formatAddCheckpoint({ oldSize: 5, proof, checkpoint: log.checkpoint(5) }),
    ],
    ["same size, another root", 422, fork.request(5, 5)],
    [
      "too large",
      400,
      changed({ checkpoint: `${log.checkpoint(8)}${"\u2014 a AAAAAAA=\n".repeat(2000)}` }),
    ],
  ];
}

suite("a witness", () => {
  const log = new TestLog();

  test("follows a log as it grows, at its own pace", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    for (const [oldSize, size] of [
      [0, 0],
      [0, 1],
      [1, 2],
      [2, 7],
      [7, 8],
      [8, 64],
    ] as const) {
      const { status, body } = await witness.post(log.request(oldSize, size));
      assert.equal(status, 200, `${oldSize} to ${size}: ${body}`);
      witness.timeOf(log.text(size), body);
    }
  });

  test("signs the same checkpoint again, at a new time", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    await witness.post(log.request(0, 5));
    const again = await witness.post(log.request(5, 5));
    assert.equal(again.status, 200);
    witness.timeOf(log.text(5), again.body);
    assert.equal((await witness.post(log.request(5, 6))).status, 200);
  });

  test("refuses what C2SP tlog-witness says it must, in that order", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    await witness.post(log.request(0, 5));
    for (const [why, status, body] of refusals(log)) {
      const answer = await witness.post(body);
      assert.equal(answer.status, status, `${why}: ${answer.body}`);
      assert.doesNotMatch(answer.body, /\u2014/, why);
      if (status === 409) assert.deepEqual([answer.body, answer.type], ["5\n", SIZE_TYPE], why);
    }
    assert.equal((await witness.post(log.request(5, 8))).status, 200);
  });

  test("refuses a proof in front of the first checkpoint", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    const { checkpoint, proof } = { checkpoint: log.checkpoint(8), proof: log.proof(3, 8) };
    const answer = await witness.post(formatAddCheckpoint({ oldSize: 0, proof, checkpoint }));
    assert.equal(answer.status, 422);
    const nothing = await witness.post(log.request(3, 8));
    assert.deepEqual([nothing.status, nothing.body], [409, "0\n"]);
  });

  test("ignores other signatures, and keeps none of them", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    const stranger = new TestLog({ seed: 2 });
    const line = stranger.checkpoint(4).split("\n").at(-2)!;
    const checkpoint = `${log.checkpoint(4)}${`${line}\n`.repeat(20)}`;
    assert.equal(
      (await witness.post(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint }))).status,
      200,
    );
    const kept = await witness.latest(log.hash);
    assert.ok(!kept.body.includes(line));
  });

  test("serves the newest checkpoint of each log, with the log's signature and its own", async () => {
    const other = new TestLog({ origin: "tests.example/other" });
    await using witness = await TestWitness.start([log.vkey, other.vkey]);
    assert.equal((await witness.latest(log.hash)).status, 404);
    await witness.post(other.request(0, 3));
    await witness.post(log.request(0, 5));
    const { body: line } = await witness.post(log.request(5, 9));
    const { status, body } = await witness.latest(log.hash);
    assert.equal(status, 200);
    assert.equal(body, log.checkpoint(9) + line);
    assert.match((await witness.latest(other.hash)).body, /^tests\.example\/other\n3\n/);
  });

  test("answers nothing else", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    const statuses = async (method: string, path: string): Promise<number> =>
      (await fetch(`${witness.url}${path}`, { method })).status;
    assert.equal(await statuses("GET", "/add-checkpoint"), 405);
    assert.equal(await statuses("POST", `/${log.hash}/checkpoint`), 405);
    for (const path of [
      "/",
      "/add-checkpoint/",
      "/add-checkpoint?x",
      "/../key",
      "/key",
      "/abc/checkpoint",
    ]) {
      assert.equal(await statuses("GET", path), 404, path);
    }
  });

  test("reads no more of a body than a request may have", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(8192).fill(0x61)),
    });
    const init = { method: "POST", body: endless, duplex: "half" as const };
    // The connection may break before the answer is read.
    const status = await fetch(`${witness.url}/add-checkpoint`, init).then(
      (response) => response.status,
      () => 400,
    );
    assert.equal(status, 400);
    assert.equal((await witness.post(log.request(0, 1))).status, 200);
  });
});

suite("a witness of a log whose keys change", () => {
  const old = new TestLog();
  const next = new TestLog({ seed: 2 });

  test("takes checkpoints by each key of the log", async () => {
    await using witness = await TestWitness.start([old.vkey, next.vkey]);
    assert.equal((await witness.post(old.request(0, 3))).status, 200);
    assert.equal((await witness.post(next.request(3, 9))).status, 200);
    assert.equal((await witness.post(old.request(9, 9))).status, 200);
    const both = `${old.checkpoint(10)}${next.checkpoint(10).split("\n").at(-2)}\n`;
    const request = { oldSize: 9, proof: old.proof(9, 10), checkpoint: both };
    const { body: line } = await witness.post(formatAddCheckpoint(request));
    assert.equal((await witness.latest(old.hash)).body, both + line);
  });

  test("learns a key while it runs", async () => {
    await using witness = await TestWitness.start([old.vkey]);
    await witness.post(old.request(0, 3));
    assert.equal((await witness.post(next.request(3, 4))).status, 403);
    await addLog(witness.directory, next.vkey);
    assert.equal((await witness.post(next.request(3, 4))).status, 200);
    assert.equal(
      (await witness.post(new TestLog({ origin: "new.example" }).request(0, 1))).status,
      404,
    );
    await addLog(witness.directory, new TestLog({ origin: "new.example" }).vkey);
    assert.equal(
      (await witness.post(new TestLog({ origin: "new.example" }).request(0, 1))).status,
      200,
    );
  });

  test("keeps its list when somebody breaks the file, and says so once", async () => {
    await using witness = await TestWitness.start([old.vkey]);
    const path = join(witness.directory, "logs");
    const good = readFileSync(path, "utf8");
    appendFileSync(path, "nonsense\n");
    assert.equal((await witness.post(old.request(0, 3))).status, 200);
    assert.equal((await witness.post(old.request(3, 4))).status, 200);
    assert.equal(witness.log.length, 1);
    assert.match(witness.log[0]!, /logs line 2.*nonsense/);
    writeFileSync(path, `# both\n\n${good}${next.vkey}\n`);
    assert.equal((await witness.post(next.request(4, 5))).status, 200);
  });

  test("forgets a key that was taken out of the list", async () => {
    await using witness = await TestWitness.start([old.vkey, next.vkey]);
    await witness.post(old.request(0, 3));
    writeFileSync(join(witness.directory, "logs"), `${next.vkey}\n`);
    assert.equal((await witness.post(old.request(3, 4))).status, 403);
    assert.equal((await witness.post(next.request(3, 4))).status, 200);
  });

  test("adds a key once", async () => {
    await using witness = await TestWitness.make([old.vkey, old.vkey, next.vkey]);
    const list = readFileSync(join(witness.directory, "logs"), "utf8");
    assert.equal(list, `${old.vkey}\n${next.vkey}\n`);
  });
});

suite("a split view", () => {
  const log = new TestLog();
  const fork = new TestLog({ forkAt: 3 });

  test("is kept as evidence, once, whichever refusal it gets", async () => {
    for (const oldSize of [5, 4]) {
      await using witness = await TestWitness.start([log.vkey]);
      await witness.post(log.request(0, 5));
      const seen = await witness.latest(log.hash);
      for (let round = 0; round < 3; round++) {
        const { status } = await witness.post(fork.request(oldSize, 5));
        assert.equal(status, oldSize === 5 ? 422 : 409);
      }
      const directory = join(witness.directory, "evidence");
      assert.deepEqual(readdirSync(directory), [`${log.hash}.json`]);
      const pair: unknown = JSON.parse(readFileSync(join(directory, `${log.hash}.json`), "utf8"));
      const expected = { signed: seen.body, refused: fork.checkpoint(5) };
      assert.deepEqual(pair, { origin: log.key.name, size: 5, ...expected });
      assert.equal(witness.log.length, 1);
      assert.match(witness.log[0]!, /two different trees of 5 entries/);
      assert.equal((await witness.post(log.request(5, 6))).status, 200);
    }
  });

  test("is nothing that a stranger can put there", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    await witness.post(log.request(0, 5));
    await witness.post(new TestLog({ seed: 2, forkAt: 3 }).request(5, 5));
    await witness.post(fork.request(5, 8));
    assert.deepEqual(readdirSync(join(witness.directory, "evidence")), []);
  });
});

test("more new checkpoints of a log than its rate are put off, each log for itself", async () => {
  const log = new TestLog();
  const other = new TestLog({ origin: "tests.example/other" });
  await using witness = await TestWitness.start([log.vkey, other.vkey], { ratePerSecond: 0.001 });
  for (let size = 1; size <= 10; size++) {
    assert.equal((await witness.post(log.request(size - 1, size))).status, 200);
  }
  const late = await witness.post(log.request(10, 11));
  assert.equal(late.status, 429);
  assert.ok(Number(late.retryAfter) > 900 && Number(late.retryAfter) <= 1000, late.retryAfter!);
  assert.equal((await witness.post(log.request(10, 10))).status, 200, "the same again");
  assert.equal((await witness.post(other.request(0, 1))).status, 200, "another log");
});

test("logs that are added at the same time are all in the list", async () => {
  await using witness = await TestWitness.start([]);
  const logs = [1, 2, 3, 4].map((seed) => new TestLog({ seed, origin: `tests.example/${seed}` }));
  await Promise.all(logs.map(async ({ vkey }) => addLog(witness.directory, vkey)));
  const lines = readFileSync(join(witness.directory, "logs"), "utf8").trim().split("\n");
  assert.deepEqual(lines.toSorted(), logs.map(({ vkey }) => vkey).toSorted());
});
