import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Journal } from "@stele/journal";
import type { Budget, Session } from "@stele/journal/sessions";
import { Gate, settleTurns } from "../support/gate.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { newMemoryJournal, openInMemory } from "../support/memory-journal.ts";

const MAX = 2n ** 64n - 1n;

/** What a budget should be. */
interface Model {
  amount: bigint;
  committed: bigint;
  open: Map<string, bigint>;
}

function remaining({ amount, committed, open }: Model): bigint {
  return amount - committed - [...open.values()].reduce((sum, one) => sum + one, 0n);
}

function requireSame(budget: Budget, model: Model): void {
  const { amountMicros, remainingMicros, reservedMicros, committedMicros } = budget;
  assert.equal(amountMicros, model.amount);
  assert.equal(remainingMicros, remaining(model));
  assert.equal(committedMicros, model.committed);
  assert.equal(remainingMicros + reservedMicros + committedMicros, amountMicros);
  const open = budget.reservations().map((one) => [one.reservation, one.amountMicros]);
  assert.deepEqual(open, [...model.open]);
}

async function openSession(disk: MemoryDisk): Promise<{ journal: Journal; session: Session }> {
  const journal = await openInMemory(disk, { index: false });
  return { journal, session: await journal.session("s") };
}

const amount = fc.oneof(fc.bigInt({ min: 0n, max: 20n }), fc.bigInt({ min: 0n, max: MAX }));
const name = fc.constantFrom("r1", "r2", "r3");
const step = fc.oneof(
  fc.record({ kind: fc.constant("reserve" as const), name, amount }),
  fc.record({ kind: fc.constant("commit" as const), name, amount }),
  fc.record({ kind: fc.constant("release" as const), name, amount }),
  fc.record({ kind: fc.constant("crash" as const), name, amount }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the step does to the model; the code of its refusal when it does nothing. */
function apply(model: Model, { kind, name: reservation, amount: asked }: Step): string | undefined {
  const held = model.open.get(reservation);
  if (kind === "reserve") {
    if (held !== undefined) return "BUDGET_EXISTS";
    if (asked > remaining(model)) return "BUDGET_EXCEEDED";
    model.open.set(reservation, asked);
    return undefined;
  }
  if (held === undefined) return "BUDGET_RESERVATION_UNKNOWN";
  if (kind === "commit" && asked > held + remaining(model)) return "BUDGET_EXCEEDED";
  model.open.delete(reservation);
  if (kind === "commit") model.committed += asked;
  return undefined;
}

function run(budget: Budget, { kind, name: reservation, amount: asked }: Step): Promise<unknown> {
  if (kind === "reserve") return budget.reserve(asked, { reservation });
  return kind === "commit" ? budget.commit(reservation, asked) : budget.release(reservation);
}

suite("a budget (as calybris's)", () => {
  test("keeps remaining + reserved + committed = initial, whatever is done, and crashes", async () => {
    const initial = fc.oneof(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 0n, max: MAX }));
    await fc.assert(
      fc.asyncProperty(initial, fc.array(step, { maxLength: 12 }), async (first, steps) => {
        let disk = await newMemoryJournal();
        let { journal, session } = await openSession(disk);
        let budget = await session.openBudget("b", first);
        const model: Model = { amount: first, committed: 0n, open: new Map() };
        for (const one of steps) {
          if (one.kind === "crash") {
            // Nothing is closed: what is on the disk is what there is.
            disk = new MemoryDisk(disk.files);
            const old = journal;
            ({ journal, session } = await openSession(disk));
            await old.close();
            budget = session.budget("b");
          } else {
            const code = apply(model, one);
            const pending = run(budget, one);
            requireSame(budget, model);
            if (code === undefined) await pending;
            else await assert.rejects(pending, { code });
          }
          requireSame(budget, model);
        }
        assert.ok((await session.verify()).intact);
        await journal.close();
      }),
      { numRuns: 60 },
    );
  });

  test("lists what was reserved when a crash came, which is still reserved", async () => {
    const disk = await newMemoryJournal();
    const { journal, session } = await openSession(disk);
    const budget = await session.openBudget("calls", 100);
    await budget.reserve(30, { reservation: "r" });
    const copy = new MemoryDisk(disk.files);
    await journal.close();
    const again = await openSession(copy);
    const found = again.session.budget("calls");
    assert.deepEqual(found.reservations(), [{ reservation: "r", amountMicros: 30n }]);
    assert.equal(found.remainingMicros, 70n);
    await found.commit("r", 10);
    assert.equal(found.remainingMicros, 90n);
    assert.equal(found.committedMicros, 10n);
    await again.journal.close();
  });

  test("is never overdrawn by reservations at the same time", async () => {
    const { journal, session } = await openSession(await newMemoryJournal());
    const budget = await session.openBudget("b", 100);
    const reserving = Array.from({ length: 20 }, () => budget.reserve(30));
    const outcomes = await Promise.allSettled(reserving);
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 3);
    assert.equal(budget.remainingMicros, 10n);
    await journal.close();
  });

  test("spends more than was reserved as far as it remains; else the reservation stays", async () => {
    const { journal, session } = await openSession(await newMemoryJournal());
    const budget = await session.openBudget("b", 10);
    await budget.reserve(7, { reservation: "r" });
    await assert.rejects(budget.commit("r", 11), { code: "BUDGET_EXCEEDED" });
    requireSame(budget, { amount: 10n, committed: 0n, open: new Map([["r", 7n]]) });
    await budget.commit("r", 9);
    requireSame(budget, { amount: 10n, committed: 9n, open: new Map() });
    await journal.close();
  });

  test("that is opened while a reservation waits for room has it, and is not overdrawn", async () => {
    const disk = await newMemoryJournal();
    const before = await openSession(disk);
    await before.session.openBudget("b", 100);
    await before.journal.close();
    const journal = await openInMemory(disk, { index: false });
    const gate = new Gate(disk);
    const data = "x".repeat(60_000);
    const notes = Array.from({ length: 60 }, () => journal.append({ type: "note", data }));
    const record = { budget: "b", reservation: "r", amountMicros: 70 };
    const waiting = journal.append({ type: "budget.reserved", session: "s", data: record });
    const opening = journal.session("s");
    for (let commits = 0; commits < 2; commits++) {
      await settleTurns();
      gate.letGo();
    }
    const session = await opening;
    const large = { ...record, reservation: "large", amountMicros: 20, data: data + data };
    const refused = journal.append({ type: "budget.reserved", session: "s", data: large });
    assert.equal(session.budgetState("b")?.remaining, 10n);
    await assert.rejects(session.budget("b").reserve(11), { code: "BUDGET_EXCEEDED" });
    assert.equal(session.length, 1, "the reservation waits");
    const budget = session.budget("b");
    await assert.rejects(budget.reserve(70), { code: "BUDGET_EXCEEDED" });
    gate.stayOpen();
    await assert.rejects(refused, { code: "EVENT_TOO_LARGE" });
    await Promise.all([...notes, waiting]);
    requireSame(budget, { amount: 100n, committed: 0n, open: new Map([["r", 70n]]) });
    await journal.close();
  });

  test("commitments at the same time that need more than they reserved overdraw nothing", async () => {
    const { journal, session } = await openSession(await newMemoryJournal());
    const budget = await session.openBudget("b", 50);
    const spend = async (): Promise<void> => {
      const { reservation } = await budget.reserve(1);
      await budget.commit(reservation, 3);
    };
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, spend));
    const spent = outcomes.filter(({ status }) => status === "fulfilled").length;
    assert.ok(spent >= 10 && spent <= 16, `${spent} of them`);
    assert.equal(budget.committedMicros, BigInt(3 * spent));
    assert.equal(budget.remainingMicros + budget.reservedMicros, 50n - budget.committedMicros);
    await journal.close();
  });

  test("of which nothing is spent or all, gives the rest back", async () => {
    const { journal, session } = await openSession(await newMemoryJournal());
    const budget = await session.openBudget("b", 100);
    await budget.reserve(25, { reservation: "r1" });
    await budget.commit("r1", 20);
    assert.equal(budget.remainingMicros, 80n);
    await budget.reserve(30, { reservation: "r2" });
    await budget.release("r2");
    assert.equal(budget.remainingMicros, 80n);
    await assert.rejects(budget.reserve(81), { code: "BUDGET_EXCEEDED" });
    await assert.rejects(budget.commit("r2", 1), { code: "BUDGET_RESERVATION_UNKNOWN" });
    await assert.rejects(budget.release("r2"), { code: "BUDGET_RESERVATION_UNKNOWN" });
    await budget.reserve(0, { reservation: "r3" });
    await budget.commit("r3", 0);
    assert.equal(budget.committedMicros, 20n);
    await journal.close();
  });

  test("is one of several, which do not mix", async () => {
    const { journal, session } = await openSession(await newMemoryJournal());
    const [large, small] = [
      await session.openBudget("large", 100),
      await session.openBudget("small", 5),
    ];
    const other = await (await journal.session("t")).openBudget("large", 7);
    await large.reserve(80, { reservation: "r" });
    await assert.rejects(small.reserve(80), { code: "BUDGET_EXCEEDED" });
    await assert.rejects(small.commit("r", 1), { code: "BUDGET_RESERVATION_UNKNOWN" });
    assert.throws(() => session.budget("none"), { code: "BUDGET_UNKNOWN" });
    const left = [large, small, other].map(({ remainingMicros }) => remainingMicros);
    assert.deepEqual(left, [20n, 5n, 7n]);
    assert.deepEqual(session.budgets(), ["large", "small"]);
    await journal.close();
  });

  test("ignores records that break its rules, live and after a restart", async () => {
    const disk = await newMemoryJournal();
    const { journal, session } = await openSession(disk);
    const budget = await session.openBudget("b", 10);
    const forged: readonly [string, object][] = [
      ["budget.opened", { budget: "b", amountMicros: 1000 }],
      ["budget.reserved", { budget: "b", reservation: "r", amountMicros: 11 }],
      ["budget.reserved", { budget: "b", reservation: "r", amountMicros: -1 }],
      ["budget.committed", { budget: "b", reservation: "r", amountMicros: 1 }],
      ["budget.reserved", { budget: "b", reservation: "held", amountMicros: 4 }],
      ["budget.reserved", { budget: "b", reservation: "held", amountMicros: 1 }],
      ["budget.committed", { budget: "b", reservation: "held", amountMicros: 11 }],
      ["budget.committed", { budget: "b", reservation: "held" }],
      ["budget.spent", { budget: "b", reservation: "held", amountMicros: 1 }],
      ["budget.released", { budget: "none", reservation: "r" }],
      ["budget.reserved", { budget: 7 }],
    ];
    for (const [type, data] of forged) await journal.append({ type, session: "s", data });
    const left = { amount: 10n, committed: 0n, open: new Map([["held", 4n]]) };
    requireSame(budget, left);
    await journal.close();
    const again = await openSession(disk);
    requireSame(again.session.budget("b"), left);
    await again.journal.close();
  });

  test("that does not exist, exists already or is malformed is refused", async () => {
    const { journal, session } = await openSession(await newMemoryJournal());
    assert.throws(() => session.budget("b"), { code: "BUDGET_UNKNOWN" });
    const opening = session.openBudget("b", 10);
    await assert.rejects(session.openBudget("b", 10), { code: "BUDGET_EXISTS" });
    await opening;
    for (const bad of [-1, 1.5, Number.NaN, MAX + 1n, "1e3"]) {
      await assert.rejects(session.openBudget("c", bad), { code: "OPTION_INVALID" });
      await assert.rejects(session.budget("b").reserve(bad), { code: "OPTION_INVALID" });
    }
    for (const named of ["", "x".repeat(513), 7 as unknown as string]) {
      await assert.rejects(session.openBudget(named, 1), { code: "OPTION_INVALID" });
      const reserving = session.budget("b").reserve(1, { reservation: named });
      await assert.rejects(reserving, { code: "OPTION_INVALID" });
    }
    await session.budget("b").reserve(5, { reservation: "r" });
    await assert.rejects(session.budget("b").commit("r", -1), { code: "OPTION_INVALID" });
    assert.equal(session.budget("b").reservedMicros, 5n);
    assert.deepEqual(session.budgets(), ["b"]);
    await journal.close();
  });
});
