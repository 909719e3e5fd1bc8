import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "@stele/store/testing";
import { Child } from "../support/child.ts";
import { newJournal, open, openWhenFree, scratch } from "../support/scratch.ts";

// STELE_SPENDER_KILLS=100 npm test -- journal/test/sessions/kill tries more.
const KILLS = Number(process.env["STELE_SPENDER_KILLS"] ?? 3);
const AMOUNT = 10n ** 9n;
const root = scratch("session-kill");

test(`kill -9 of a process that spends and signs, ${KILLS} times, loses no step and spends nothing twice`, async () => {
  const directory = await newJournal(root, { segmentBytes: 64 * 1024 });
  const made = await open(directory);
  await (await made.session("s")).openBudget("b", AMOUNT);
  await made.close();
  const random = new SeededRandom(1);
  const reserved = new Set<string>();
  const settled = new Map<string, bigint>();
  const signed = new Set<number>();
  for (let kill = 0; kill < KILLS; kill++) {
    const child = new Child("spender-process.ts", [directory, String(kill)]);
    // Both, however slow the machine is.
    await child.wrote("settled");
    await child.wrote("signed");
    await delay(random.below(200));
    const { lines, errors } = await child.kill();
    assert.equal(errors, "");
    for (const [what, name = "", spent = "0"] of lines.map((line) => line.split(" "))) {
      if (what === "reserved") reserved.add(name);
      if (what === "settled") settled.set(name, BigInt(spent));
      if (what === "signed") signed.add(Number(name));
    }
    const journal = await openWhenFree(directory, { index: false });
    const session = await journal.session("s");
    const budget = session.budget("b");
    const { remainingMicros, reservedMicros, committedMicros } = budget;
    assert.equal(remainingMicros + reservedMicros + committedMicros, AMOUNT);
    const isOpen = new Set(budget.reservations().map(({ reservation }) => reservation));
    const found = new Map<string, bigint>();
    for await (const { event } of session.entries()) {
      const data = event.data as { readonly reservation: string; readonly amountMicros?: number };
      if (event.type !== "budget.committed" && event.type !== "budget.released") continue;
      assert.ok(!found.has(data.reservation), `${data.reservation} is settled twice`);
      found.set(data.reservation, BigInt(data.amountMicros ?? 0));
    }
    for (const [name, spent] of settled) assert.equal(found.get(name), spent, name);
    for (const name of reserved) assert.ok(isOpen.has(name) !== found.has(name), name);
    assert.equal(
      [...found.values()].reduce((sum, one) => sum + one, 0n),
      committedMicros,
    );
    const { verdict, firstBad, signatures } = await journal.verify({ threads: 1 });
    assert.equal(verdict, "intact", firstBad?.reason);
    assert.ok(signatures.checked >= signed.size);
    await journal.close();
  }
  assert.ok(
    settled.size > 20 && signed.size >= KILLS,
    `${settled.size} settled, ${signed.size} signed`,
  );
});
