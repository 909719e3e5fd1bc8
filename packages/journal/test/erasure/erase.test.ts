import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SteleError, type Event, type Journal } from "@stele/journal";
import { MemoryDisk } from "../support/memory-disk.ts";
import { DIRECTORY, newMemoryJournal, openInMemory } from "../support/memory-journal.ts";

const WHY = { reason: "asked to by letter", by: "Ada Privacy" };

describe("erasing", () => {
  test("takes the bytes and the salt away, and everything else still verifies", async () => {
    const { journal, disk } = await open();
    await append(journal, { type: "note" }, { body: "the secret", other: "public" });
    await append(journal, { type: "note" }, { body: "another" });
    const erased = await journal.erase({ seqs: { from: 0, to: 0 }, names: ["body"], ...WHY });
    assert.deepEqual(erased, {
      contents: 1,
      entries: 1,
      bytes: 10,
      ranges: [{ from: 0, to: 0, names: ["body"] }],
      seqs: [2],
    });
    assert.equal(textOf(disk).includes("the secret"), false);
    assert.equal(await read(journal, 0, "other"), "public");
    assert.equal(await read(journal, 1, "body"), "another");
    await expectContents(journal, { checked: 2, erased: 1 });
  });

  test("is not believed of a content whose entry says nothing of it", async () => {
    const { journal, disk } = await open();
    await append(journal, { type: "note" }, { body: "the secret" });
    await append(journal, { type: "note" }, { body: "another" });
    await journal.erase({ seqs: { from: 0, to: 0 }, ...WHY });
    const [path] = contentPaths(disk);
    const [line] = Buffer.from(disk.files.get(path!)!).toString().split("\n");
    const claimed = line!.replace('"seq":0', '"seq":1');
    disk.files.set(path!, Buffer.from(`${line}\n${claimed}\n`));
    await assert.rejects(journal.content(0, "body"), { code: "CONTENT_ERASED" });
    await assert.rejects(journal.content(1, "body"), {
      code: "JOURNAL_DAMAGED",
      message: "content body of entry 1 is missing, and entry 2 does not say that it was erased",
    });
    assert.equal((await journal.verify({ threads: 1 })).verdict, "tampered");
  });

  test("is not believed when it is said of an entry that was pruned, or never was", async () => {
    const { journal, disk } = await open();
    for (let count = 0; count < 40; count++) {
      await append(journal, { type: "note" }, { body: `text ${count}` });
    }
    const { first } = await journal.prune({ before: 30 });
    const [path] = contentPaths(disk);
    const lines = Buffer.from(disk.files.get(path!)!).toString().split("\n");
    for (const by of [first - 1, 999]) {
      lines[0] = `{"seq":${first},"content":{},"erased":{"body":${by}}}`;
      disk.files.set(path!, Buffer.from(lines.join("\n")));
      await assert.rejects(journal.content(first, "body"), {
        code: "JOURNAL_DAMAGED",
        message: new RegExp(`and entry ${by} does not say that it was erased$`),
      });
    }
  });

  test("reading what was erased says when, by whom and why, and in which entry", async () => {
    const { journal } = await open();
    await append(journal, { type: "note" }, { body: "the secret" });
    const { seqs } = await journal.erase({ seqs: { from: 0, to: 0 }, ...WHY });
    const { time } = await journal.get(seqs[0]!);
    await assert.rejects(journal.content(0, "body"), {
      code: "CONTENT_ERASED",
      seq: 1,
      message:
        `content body of entry 0 was erased at ${time} by Ada Privacy, as entry 1 says: ` +
        "asked to by letter",
    });
  });

  test("by session, agent and subject finds what each names, and both what both do", async () => {
    const { journal } = await open();
    const events: readonly Event[] = [
      { type: "note", session: "s1", agent: "a1" },
      { type: "note", session: "s1", agent: "a2" },
      { type: "note", session: "s2", agent: "a1", subject: "user-1" },
      { type: "note", subject: ["user-2", "user-1"] },
      { type: "note", data: { subject: "user-1" } },
    ];
    for (const event of events) await append(journal, event, { body: "text" });
    const found = async (selection: object): Promise<readonly number[]> => {
      const { ranges } = await journal.erase({ ...selection, ...WHY, dryRun: true });
      return ranges.flatMap(({ from, to }) => (from === to ? [from] : [from, to]));
    };
    assert.deepEqual(await found({ session: "s1" }), [0, 1]);
    assert.deepEqual(await found({ agent: "a1" }), [0, 2]);
    assert.deepEqual(await found({ subject: "user-1" }), [2, 3]);
    assert.deepEqual(await found({ session: "s1", agent: "a1" }), [0]);
    assert.deepEqual(await found({ seqs: { from: 3, to: 99 } }), [3, 4]);
    assert.deepEqual(await found({ session: "s9" }), []);
    await assert.rejects(found({}), { code: "OPTION_INVALID" });
    assert.equal(await journal.size(), 5, "a dry run records nothing");
    await journal.erase({ subject: "user-1", ...WHY });
    await expectContents(journal, { checked: 3, erased: 2 });
  });

  test("what is erased already, or was never there, is not erased again", async () => {
    const { journal } = await open();
    await append(journal, { type: "note" }, { body: "text" });
    await append(journal, { type: "note" });
    await journal.erase({ seqs: { from: 0, to: 1 }, ...WHY });
    const again = await journal.erase({ seqs: { from: 0, to: 2 }, ...WHY });
    assert.deepEqual([again.contents, again.seqs], [0, []]);
    assert.equal(await journal.size(), 3);
  });

  for (const segmentBytes of [1024, 64 * 1024]) {
    test(`goes on while others append, also after reopening, in segments of ${segmentBytes}`, async () => {
      const { journal, disk } = await open(segmentBytes);
      const appends: Promise<unknown>[] = [];
      for (let index = 0; index < 20; index++) {
        appends.push(append(journal, { type: "note" }, { body: `text ${index};` }));
        if (index % 4 === 3) {
          await appends[index - 2];
          appends.push(journal.erase({ seqs: { from: 0, to: index - 2 }, ...WHY }));
        }
      }
      await Promise.all(appends);
      const { contents } = await journal.verify({ threads: 1 });
      assert.equal(contents.checked + contents.erased, 20);
      assert.ok(contents.erased >= 10);
      const seqs = await contentSeqs(journal);
      for (const [index, seq] of seqs.entries()) {
        const there = textOf(disk).includes(`text ${index};`);
        if (there) assert.equal(await read(journal, seq, "body"), `text ${index};`);
        else await assert.rejects(journal.content(seq, "body"), { code: "CONTENT_ERASED" });
      }
      await journal.close();
      const reopened = await openInMemory(disk);
      await append(reopened, { type: "note" }, { body: "later" });
      await expectContents(reopened, { checked: contents.checked + 1, erased: contents.erased });
    });
  }

  test("of more ranges than one entry holds takes several entries", async () => {
    const { journal } = await open(64 * 1024);
    const appends = Array.from({ length: 2000 }, (_, index) =>
      append(journal, { type: "note" }, { [index % 2 === 0 ? "even" : "odd"]: "x" }),
    );
    await Promise.all(appends);
    const { seqs, ranges } = await journal.erase({ seqs: { from: 0, to: 1999 }, ...WHY });
    assert.equal(ranges.length, 2000);
    assert.ok(seqs.length > 1);
    await expectContents(journal, { checked: 0, erased: 2000 });
    await assert.rejects(journal.content(1999, "odd"), {
      code: "CONTENT_ERASED",
      seq: seqs.at(-1),
    });
  });

  test("is checked also where a crash left a torn line behind the contents", async () => {
    const { journal, disk } = await open(64 * 1024);
    await append(journal, { type: "note" }, { body: "x" });
    await journal.erase({ seqs: { from: 0, to: 0 }, ...WHY });
    await append(journal, { type: "note" }, { body: "y" });
    await journal.erase({ seqs: { from: 0, to: 9 }, ...WHY });
    for (const path of contentPaths(disk)) {
      const torn = Buffer.concat([disk.files.get(path)!, Buffer.from('{"seq":9,"con')]);
      disk.files.set(path, torn);
    }
    await expectContents(journal, { checked: 0, erased: 2 });
  });

  test("without a reason, or for no content's name, is refused", async () => {
    const { journal } = await open();
    await append(journal, { type: "note" }, { body: "x" });
    const seqs = { from: 0, to: 0 };
    const refused: readonly object[] = [
      { seqs, reason: "" },
      { seqs, reason: "x".repeat(5000) },
      { seqs, reason: "why", by: "" },
      { seqs, reason: "why", names: ["a b"] },
      { seqs: { from: 2, to: 1 }, reason: "why" },
      { session: "", reason: "why" },
      { seqs, reason: "why", names: "body" },
      { seqs, reason: "why", name: ["body"] },
      { seqs, reason: "why", dryrun: true },
      { seqs, sesion: "s", reason: "why" },
    ];
    for (const options of refused) {
      await assert.rejects(journal.erase(options as never), { code: "OPTION_INVALID" });
    }
    const behind = { seqs: { from: 1, to: 9 }, reason: "why" };
    await assert.rejects(journal.erase(behind), { code: "SEQ_OUT_OF_RANGE", seq: 1 });
    assert.equal(await journal.size(), 1);
  });

  test("that fails while it rewrites is finished by the next opening", async () => {
    const { journal, disk } = await open();
    await append(journal, { type: "note" }, { body: "the secret" });
    const rename = disk.rename.bind(disk);
    disk.rename = (from, to) => {
      const isContent = to.endsWith(".jsonl") && to.includes("/content/");
      if (isContent) return Promise.reject(new SteleError("DISK_IO", "no rename"));
      return rename(from, to);
    };
    await assert.rejects(journal.erase({ seqs: { from: 0, to: 0 }, ...WHY }), {
      code: "DISK_IO",
      message: "the erasure is recorded in entry 1, but was not carried out: no rename",
    });
    await expectContents(journal, { checked: 1, erased: 0, unerased: 1 });
    await append(journal, { type: "note" }, { body: "later" });
    await journal.close();
    disk.rename = rename;
    const reopened = await openInMemory(disk);
    assert.equal(textOf(disk).includes("the secret"), false);
    await expectContents(reopened, { checked: 1, erased: 1 });
    assert.deepEqual(
      [...disk.files.keys()].filter((path) => /erasing|tmp/.test(path)),
      [],
    );
  });

  test("that cannot be finished keeps nobody from recording, and is a problem until it is", async () => {
    const { journal, disk } = await open();
    await append(journal, { type: "note" }, { body: "the secret" });
    const rename = disk.rename.bind(disk);
    disk.rename = (from, to) => {
      const isContent = to.endsWith(".jsonl") && to.includes("/content/");
      return isContent ? Promise.reject(new SteleError("DISK_FULL", "no room")) : rename(from, to);
    };
    await assert.rejects(journal.erase({ seqs: { from: 0, to: 0 }, ...WHY }));
    await journal.close();
    const problems: string[] = [];
    const again = await openInMemory(disk, { onProblem: ({ code }) => void problems.push(code) });
    await append(again, { type: "note" });
    assert.deepEqual(problems, ["DISK_FULL"]);
    assert.deepEqual(
      (await again.status()).problems.map(({ code }) => code),
      ["DISK_FULL"],
    );
    await expectContents(again, { checked: 1, erased: 0, unerased: 1 });
    await again.close();
    disk.rename = rename;
    const last = await openInMemory(disk);
    assert.deepEqual((await last.status()).problems, []);
    await expectContents(last, { checked: 0, erased: 1 });
  });

  test("that failed is carried out by the next one too, whatever that is about", async () => {
    const { journal, disk } = await open();
    await append(journal, { type: "note" }, { body: "the secret" });
    await append(journal, { type: "note" }, { body: "another" });
    const rename = disk.rename.bind(disk);
    disk.rename = () => Promise.reject(new SteleError("DISK_FULL", "no room"));
    await assert.rejects(journal.erase({ seqs: { from: 0, to: 0 }, ...WHY }));
    disk.rename = (from, to) => {
      const isMark = to.endsWith("/erasing");
      return isMark ? rename(from, to) : Promise.reject(new SteleError("DISK_IO", "no"));
    };
    await assert.rejects(journal.erase({ seqs: { from: 0, to: 0 }, ...WHY }), { code: "DISK_IO" });
    disk.rename = rename;
    await append(journal, { type: "note" });
    await journal.erase({ seqs: { from: 1, to: 1 }, ...WHY });
    assert.equal(textOf(disk).includes("the secret"), false);
    await expectContents(journal, { checked: 0, erased: 2 });
  });

  test("that failed, and whose entry was pruned since, keeps nothing from being opened or erased", async () => {
    const { journal, disk } = await open();
    await append(journal, { type: "note" }, { body: "the secret" });
    const rename = disk.rename.bind(disk);
    disk.rename = (from, to) => {
      const isContent = to.endsWith(".jsonl") && to.includes("/content/");
      if (isContent) return Promise.reject(new SteleError("DISK_FULL", "no room"));
      return rename(from, to);
    };
    const failing = journal.erase({ seqs: { from: 0, to: 0 }, ...WHY });
    await assert.rejects(failing, { code: "DISK_FULL" });
    disk.rename = rename;
    for (let count = 0; count < 40; count++) await append(journal, { type: "note" });
    const { first } = await journal.prune({ before: 30 });
    assert.ok(first > 1, "with the entry that says so");
    assert.equal(textOf(disk).includes("the secret"), false);
    const copy = new MemoryDisk(disk.files);
    const seq = await append(journal, { type: "note" }, { body: "another" });
    assert.equal((await journal.erase({ seqs: { from: seq, to: seq }, ...WHY })).contents, 1);
    await expectContents(journal, { checked: 0, erased: 1 });
    await journal.close();
    const reopened = await openInMemory(copy);
    await expectContents(reopened, { checked: 0, erased: 0 });
    assert.equal(copy.files.has(`${DIRECTORY}/content/erasing`), false);
  });

  test("of contents that are damaged is refused, and changes nothing", async () => {
    const { journal, disk } = await open();
    await append(journal, { type: "note" }, { body: "the secret" });
    const [path] = contentPaths(disk);
    disk.files.set(path!, Buffer.from('{"seq":0,"content":7}\n'));
    await assert.rejects(journal.erase({ seqs: { from: 0, to: 0 }, ...WHY }), {
      code: "JOURNAL_DAMAGED",
    });
    assert.equal(await journal.size(), 1);
  });
});

describe("a legal hold", () => {
  test("forbids to erase what it is over, until it is released", async () => {
    const { journal } = await open();
    await append(journal, { type: "note", subject: "user-1" }, { body: "x" });
    await append(journal, { type: "note", subject: "user-2" }, { body: "y" });
    const hold = await journal.addHold({ name: "case-12", subject: "user-1", ...WHY });
    const all = { seqs: { from: 0, to: 9 }, ...WHY };
    await assert.rejects(journal.erase(all), {
      code: "HELD",
      seq: 0,
      message: `entry 0 is held by "case-12" since ${hold.time} (entry 2): asked to by letter`,
    });
    await assert.rejects(journal.erase({ ...all, dryRun: true }), { code: "HELD" });
    assert.equal((await journal.erase({ subject: "user-2", ...WHY })).contents, 1);
    await append(journal, { type: "note", subject: "user-1" }, { body: "later" });
    await assert.rejects(journal.erase({ subject: "user-1", ...WHY }), { code: "HELD" });
    await journal.releaseHold("case-12", { reason: "the case is closed" });
    assert.equal((await journal.erase({ subject: "user-1", ...WHY })).contents, 2);
    await expectContents(journal, { checked: 0, erased: 3 });
  });

  test("is listed while it is in force, also after reopening; a name is in force once", async () => {
    const { journal, disk } = await open();
    await journal.addHold({ name: "one", session: "s", ...WHY });
    await journal.addHold({ name: "two", seqs: { from: 3, to: 5 }, reason: "why" });
    await assert.rejects(journal.addHold({ name: "one", agent: "a", ...WHY }), {
      code: "OPTION_INVALID",
    });
    await assert.rejects(journal.addHold({ name: "all", ...WHY }), { code: "OPTION_INVALID" });
    await assert.rejects(journal.releaseHold("three", WHY), { code: "OPTION_INVALID" });
    await journal.releaseHold("one", WHY);
    await journal.close();
    const reopened = await openInMemory(disk);
    const holds = await reopened.holds();
    assert.deepEqual(
      holds.map(({ name, selection, by, seq }) => ({ name, selection, by, seq })),
      [{ name: "two", selection: { seqs: { from: 3, to: 5 } }, by: undefined, seq: 1 }],
    );
    await reopened.addHold({ name: "one", session: "s", ...WHY });
    assert.equal((await reopened.holds()).length, 2);
  });

  test("keeps segments from being pruned, while an erasure beside it goes on", async () => {
    const { journal } = await open();
    for (let seq = 0; seq < 30; seq++) {
      await append(journal, { type: "note", session: `s${seq}` }, { body: `text ${seq}` });
    }
    await journal.addHold({ name: "case", session: "s7", ...WHY });
    const [pruned] = await Promise.all([
      journal.prune({ before: 25 }),
      journal.erase({ seqs: { from: 0, to: 4 }, ...WHY }),
    ]);
    assert.ok(pruned.first > 0 && pruned.first <= 7);
    assert.match(pruned.heldBy!, /the hold "case"/);
    const { verdict } = await journal.verify({ threads: 1 });
    assert.equal(verdict, "intact");
    await journal.releaseHold("case", WHY);
    const { first } = await journal.prune({ before: 25 });
    assert.ok(first > 7);
    assert.equal((await journal.verify({ threads: 1 })).verdict, "intact");
  });

  test("that was asked for before holds what is pruned and erased from then on", async () => {
    const { journal } = await open();
    for (let seq = 0; seq < 30; seq++) {
      await append(journal, { type: "note", session: `s${seq}` }, { body: `text ${seq}` });
    }
    const [, pruned, erased] = await Promise.allSettled([
      journal.addHold({ name: "case", session: "s7", ...WHY }),
      journal.prune({ before: 25 }),
      journal.erase({ session: "s7", ...WHY }),
    ]);
    assert.equal(pruned.status === "fulfilled" && pruned.value.first <= 7, true);
    assert.equal(erased.status === "rejected" && erased.reason.code, "HELD");
    assert.equal(await read(journal, 7, "body"), "text 7");
  });

  test("is found over a range of entries, and also holds the entry that states it", async () => {
    const { journal } = await open();
    for (let seq = 0; seq < 4; seq++) await append(journal, { type: "note", session: `s${seq}` });
    assert.equal(await journal.firstHeld({ from: 0, to: 9 }), undefined);
    await journal.addHold({ name: "case", session: "s2", ...WHY });
    const found = async (from: number, to: number): Promise<number | undefined> =>
      (await journal.firstHeld({ from, to }))?.seq;
    assert.equal(await found(0, 1), undefined);
    assert.equal(await found(0, 9), 2);
    assert.equal(await found(3, 9), 4);
    await journal.releaseHold("case", WHY);
    assert.equal(await found(0, 9), undefined);
    const { seq } = await journal.addHold({ name: "range", seqs: { from: 0, to: 1 }, ...WHY });
    assert.deepEqual([await found(0, 9), await found(2, 9)], [0, seq]);
  });
});

async function open(
  segmentBytes = 1024,
): Promise<{ readonly journal: Journal; readonly disk: MemoryDisk }> {
  const disk = await newMemoryJournal({ segmentBytes });
  return { disk, journal: await openInMemory(disk) };
}

async function append(
  journal: Journal,
  event: Event,
  content: Readonly<Record<string, string>> = {},
): Promise<number> {
  return (await journal.append(event, { content })).seq;
}

async function read(journal: Journal, seq: number, name: string): Promise<string> {
  return Buffer.from((await journal.content(seq, name))!).toString();
}

async function contentSeqs(journal: Journal): Promise<readonly number[]> {
  const entries = await Array.fromAsync(journal.read());
  return entries.filter(({ event }) => event.content).map(({ seq }) => seq);
}

function contentPaths(disk: MemoryDisk): readonly string[] {
  return [...disk.files.keys()].filter((path) => path.startsWith(`${DIRECTORY}/content/`));
}

function textOf(disk: MemoryDisk): string {
  return contentPaths(disk)
    .map((path) => Buffer.from(disk.files.get(path)!).toString())
    .join("");
}

async function expectContents(
  journal: Journal,
  expected: { readonly checked: number; readonly erased: number; readonly unerased?: number },
): Promise<void> {
  const verdict = await journal.verify({ threads: 1 });
  assert.equal(verdict.verdict, "intact", verdict.firstBad?.reason);
  assert.deepEqual(verdict.contents, { absent: 0, unerased: 0, ...expected });
}
