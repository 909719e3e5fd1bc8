import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseEvent, SteleError, type Event } from "@stele/journal";
import type { RecordCheck } from "@stele/journal/records";
import { newMemoryJournal, openInMemory } from "./support/memory-journal.ts";

/** Knows one type, whose data must be a number. */
class Numbers implements RecordCheck {
  readonly seen: unknown[] = [];

  has(type: string): boolean {
    return type === "number";
  }

  check(event: Event): void {
    this.seen.push(event);
    if (typeof event.data === "number") return;
    throw new SteleError("RECORD_INVALID", "/data: expected a number");
  }
}

suite("openJournal, records", () => {
  test("a bad record is refused before it has a place, and nothing of it is recorded", async () => {
    const records = new Numbers();
    await using journal = await openInMemory(await newMemoryJournal(), { records });
    const bad = journal.append({ type: "number", id: "n", data: "7" }, { content: { a: "b" } });
    const good = journal.append({ type: "number", id: "n", data: 7 });
    await assert.rejects(bad, { code: "RECORD_INVALID" });
    assert.equal((await good).seq, 0);
    assert.equal(journal.sealedSize, 1);
  });

  test("what is checked is what is recorded, not the object that was given", async () => {
    const records = new Numbers();
    await using journal = await openInMemory(await newMemoryJournal(), { records });
    const disguised = { type: "number", data: { toJSON: () => 7 } };
    await journal.append(disguised);
    assert.deepEqual(records.seen, [{ type: "number", data: 7 }]);
    const escaped = parseEvent('{"type":"num\\u0062er","d\\u0061ta":"x"}');
    await assert.rejects(journal.append(escaped), { code: "RECORD_INVALID" });
    // Behind a name that ends with a backslash, V8's JSON.parse takes others for it.
    for (const name of ["cent\\\\", "cent\\u0073"]) {
      const misread = parseEvent(`{"type":"number","data":{"currency":"EUR","${name}":8}}`);
      await assert.rejects(journal.append(misread), { code: "RECORD_INVALID" });
    }
    const data = { currency: "EUR", cents: 8 };
    assert.deepEqual(records.seen.at(-1), { type: "number", data });
  });

  test("events of other types are not even parsed", async () => {
    const records = new Numbers();
    await using journal = await openInMemory(await newMemoryJournal(), { records });
    await journal.append({ type: "note", data: "x" });
    assert.deepEqual(records.seen, []);
  });
});
