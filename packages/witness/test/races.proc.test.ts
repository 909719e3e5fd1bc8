import assert from "node:assert/strict";
import { test } from "node:test";
import { TestLog } from "./support/log.ts";
import { TestWitness, type Answered } from "./support/witnesses.ts";

const ROUNDS = 40;

function statuses(answers: readonly Answered[]): number[] {
  return answers.map(({ status }) => status).toSorted((left, right) => left - right);
}

test("of two histories that come at the same instant at most one is signed, ever", async () => {
  const log = new TestLog({ size: 2 * ROUNDS + 2 });
  const fork = new TestLog({ size: 2 * ROUNDS + 2, forkAt: 1 });
  await using witness = await TestWitness.start([log.vkey]);
  await witness.post(log.request(0, 1));
  // Whichever comes first is the log's history from then on.
  const first = await Promise.all([
    witness.post(log.request(1, 2)),
    witness.post(fork.request(1, 2)),
  ]);
  const [good, bad] = first[0].status === 200 ? [log, fork] : [fork, log];
  assert.deepEqual(statuses(first), [200, 409]);
  for (let round = 1; round < ROUNDS; round++) {
    const [from, to] = [2 * round, 2 * round + 2];
    const answers = await Promise.all([
      witness.post(bad.request(from, to)),
      witness.post(good.request(from, to)),
      witness.post(bad.request(from, from)),
      witness.post(bad.request(from, to)),
    ]);
    assert.deepEqual([answers[0], answers[2], answers[3]].filter(isSigned), []);
    assert.equal(answers[1].status, 200);
  }
});

test("of several sizes that come at the same instant one is signed, and none is rolled back", async () => {
  const log = new TestLog({ size: 5 * ROUNDS });
  await using witness = await TestWitness.start([log.vkey]);
  let size = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const sizes = [5, 1, 3, 2, 4].map((step) => size + step);
    const answers = await Promise.all(
      sizes.map(async (next) => witness.post(log.request(size, next))),
    );
    assert.deepEqual(statuses(answers), [200, 409, 409, 409, 409]);
    const signed = sizes[answers.findIndex(isSigned)]!;
    for (const { status, body } of answers) if (status === 409) assert.equal(body, `${signed}\n`);
    const { body } = await witness.latest(log.hash);
    assert.equal(body.split("\n")[1], String(signed));
    size = signed;
  }
});

test("logs do not wait for each other's turn, and do not mix", async () => {
  const logs = Array.from({ length: 8 }, (_, n) => new TestLog({ origin: `tests.example/${n}` }));
  await using witness = await TestWitness.start(logs.map(({ vkey }) => vkey));
  for (let size = 1; size < 10; size++) {
    const answers = await Promise.all(
      logs.map(async (log) => witness.post(log.request(size - 1, size))),
    );
    for (const [index, { status, body }] of answers.entries()) {
      assert.equal(status, 200);
      witness.timeOf(logs[index]!.text(size), body);
    }
  }
});

function isSigned({ status }: Answered): boolean {
  return status === 200;
}
