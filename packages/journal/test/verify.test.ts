import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { before, suite, test } from "node:test";
import { Frontier } from "@stele/core/frontier";
import { formatSigningKey, formatVerifierKey } from "@stele/core/key";
import { formatHeader, type SegmentHeader } from "@stele/core/ledger";
import { openReader, type Journal } from "@stele/journal";
import { primitives, testKey } from "./support/key.ts";
import { copyJournal, ledgerFiles } from "./support/ledger-files.ts";
import { newMemoryJournal, openInMemory } from "./support/memory-journal.ts";
import { newJournal, open, scratch } from "./support/scratch.ts";

const root = scratch("verify");
const PINNED = formatVerifierKey(testKey());

suite("a verdict", () => {
  let journal: Journal;
  let directory: string;
  const checkpoints: string[] = [];
  before(async () => {
    directory = await newJournal(root, { segmentBytes: 1024 });
    journal = await open(directory);
    for (let index = 0; index < 12; index++) {
      await journal.append({ type: "note", data: index });
      checkpoints.push(await journal.checkpoint());
    }
    await journal.close();
  });

  test("says what it rests on", async () => {
    const reader = await openReader(directory);
    const { cannotRuleOut, ...verdict } = await reader.verify();
    const { time } = await reader.get(11);
    const { time: since } = await reader.get(0);
    assert.deepEqual(verdict, {
      verdict: "intact",
      size: 12,
      root: checkpoints.at(-1)!.split("\n")[2],
      firstBad: null,
      unsealed: { entries: 0, bytes: 0 },
      contents: { checked: 0, absent: 0, erased: 0, unerased: 0 },
      signatures: { checked: 0, unchecked: 0 },
      pruned: null,
      anchored: null,
      unanchored: { entries: 12, since },
      assurance: { key: "self", freshness: "none", sealedAt: time },
    });
    assert.match(cannotRuleOut.join("\n"), /whole journal was replaced/);
    assert.match(cannotRuleOut.join("\n"), /removed from the end/);
  });

  test("under a pinned key rules out that the journal was replaced", async () => {
    const reader = await openReader(directory);
    const { verdict, assurance, cannotRuleOut } = await reader.verify({ key: PINNED });
    assert.deepEqual([verdict, assurance.key], ["intact", "pinned"]);
    assert.doesNotMatch(cannotRuleOut.join("\n"), /whole journal was replaced/);
  });

  test("on a last segment of a header alone has the time before it, and looks at its links", async () => {
    const whole = await (await openReader(directory)).verify();
    for (const [prev, verdict] of [
      [undefined, "intact"],
      ["0".repeat(64), "tampered"],
    ] as const) {
      const copy = copyJournal(directory, root);
      const { hash } = await (await openReader(copy)).get(11);
      const tree = new Frontier(primitives);
      for await (const entry of (await openReader(copy)).read()) tree.append(entry.hash);
      const place = { first: 12, prev: prev ?? hash, frontier: tree.nodes };
      const header = { origin: testKey().name, ...place };
      const path = join(copy, "ledger/00000000000000000012.jsonl");
      writeFileSync(path, `${formatHeader(header as SegmentHeader)}\n`);
      const found = await (await openReader(copy)).verify();
      assert.equal(found.verdict, verdict, found.firstBad?.reason);
      if (verdict === "intact") assert.deepEqual(found.assurance, whole.assurance);
      else assert.equal(found.firstBad?.seq, 12);
    }
  });

  test("on a journal without its last segment, and a torn line at the end, is truncated", async () => {
    const copy = copyJournal(directory, root);
    const [path = "", last = ""] = ledgerFiles(copy).slice(-2);
    rmSync(last);
    rmSync(join(copy, "checkpoint"), { force: true });
    writeFileSync(path, `${readFileSync(path, "utf8")}{"seq":`);
    const found = await (await openReader(copy)).verify();
    const size = Number(basename(last, ".jsonl"));
    assert.deepEqual([found.verdict, found.firstBad?.seq], ["truncated", size]);
  });

  test("under another pinned key is not intact", async () => {
    const reader = await openReader(directory);
    for (const key of [testKey(undefined, 8), testKey("other.example")]) {
      const { verdict, size } = await reader.verify({ key: formatVerifierKey(key) });
      assert.notEqual(verdict, "intact");
      assert.equal(size, 0);
    }
    await assert.rejects(reader.verify({ key: `${PINNED}x` }), { code: "KEY_MALFORMED" });
  });

  test("holds the journal against a checkpoint of any size it ever had", async () => {
    const reader = await openReader(directory);
    for (const [index, checkpoint] of checkpoints.entries()) {
      const { verdict, assurance, cannotRuleOut } = await reader.verify({ checkpoint });
      assert.deepEqual([verdict, assurance.freshness], ["intact", "checkpoint"]);
      assert.match(cannotRuleOut.join("\n"), new RegExp(`entries from ${index + 1} on were`));
    }
  });

  test("is rolled back when only a checkpoint from outside knows more", async () => {
    const copy = shortened(7);
    const reader = await openReader(copy);
    for (const [index, checkpoint] of checkpoints.entries()) {
      const { verdict, firstBad } = await reader.verify({ checkpoint: Buffer.from(checkpoint) });
      assert.equal(verdict, index < 7 ? "intact" : "rolled-back", String(index));
      if (index >= 7) assert.equal(firstBad!.seq, 7);
    }
  });

  test("is forked when a checkpoint was signed for other entries", async () => {
    const other = await newJournal(root);
    const fork = await open(other);
    for (let index = 0; index < 12; index++) await fork.append({ type: "note", data: index });
    await fork.close();
    const { verdict } = await (await openReader(other)).verify({ checkpoint: checkpoints[5] });
    assert.equal(verdict, "forked");
  });

  test("needs a checkpoint that is one of this journal's", async () => {
    const reader = await openReader(directory);
    const [checkpoint = ""] = checkpoints;
    const environment = { STELE_KEY: formatSigningKey(testKey("stranger.example", 9)) };
    await using stranger = await open(await newJournal(root, { environment }), { environment });
    await stranger.append({ type: "note" });
    const foreign = await stranger.checkpoint();
    await assert.rejects(reader.verify({ checkpoint: foreign }), { code: "NOTE_UNVERIFIED" });
    await assert.rejects(reader.verify({ checkpoint: checkpoint.replace("\n1\n", "\n2\n") }), {
      code: "NOTE_UNVERIFIED",
    });
    await assert.rejects(reader.verify({ checkpoint: "" }), { code: "NOTE_MALFORMED" });
    await assert.rejects(reader.verify({ checkpoint: checkpoint.slice(0, -1) }), {
      code: "NOTE_MALFORMED",
    });
  });

  test("is the same by any number of threads", async () => {
    const reader = await openReader(directory);
    const expected = await reader.verify({ threads: 1, checkpoint: checkpoints[3] });
    for (const threads of [2, 3, 100]) {
      assert.deepEqual(await reader.verify({ threads, checkpoint: checkpoints[3] }), expected);
    }
    const damaged = copyJournal(directory, root);
    const [, second = ""] = ledgerFiles(damaged);
    writeFileSync(second, readFileSync(second, "utf8").replace('"note"', '"nota"'));
    const found = await (await openReader(damaged)).verify({ threads: 1 });
    assert.equal(found.verdict, "tampered");
    assert.deepEqual(await (await openReader(damaged)).verify({ threads: 2 }), found);
  });

  test("cannot be had of a number of threads that is none", async () => {
    const reader = await openReader(directory);
    for (const threads of [0, -1, 1.5, Number.NaN]) {
      await assert.rejects(reader.verify({ threads }), { code: "OPTION_INVALID" });
    }
  });

  test("comes with progress, up to all the bytes", async () => {
    const reader = await openReader(directory);
    for (const threads of [1, 2]) {
      const calls: (readonly [number, number])[] = [];
      await reader.verify({ threads, onProgress: (...call) => calls.push(call) });
      const [done, all] = calls.at(-1)!;
      assert.equal(done, all);
      assert.ok(calls.every(([some], index) => index === 0 || some >= calls[index - 1]![0]));
    }
  });

  test("comes beside a writer", async () => {
    const own = await newJournal(root, { segmentBytes: 1024 });
    await using writer = await open(own);
    const reader = await openReader(own);
    const appends = (async () => {
      for (let index = 0; index < 100; index++) {
        await writer.append({ type: "note" }, { content: { text: "x".repeat(2000) } });
      }
    })();
    for (let index = 0; index < 10; index++) {
      const { verdict, firstBad } = await reader.verify({ threads: 1 + (index % 2) });
      assert.equal(verdict, "intact", firstBad?.reason);
    }
    await appends;
  });

  test("of a journal whose world is not the machine's comes from that world", async () => {
    const inMemory = await openInMemory(await newMemoryJournal({ segmentBytes: 1024 }));
    for (let index = 0; index < 12; index++) await inMemory.append({ type: "note" });
    assert.equal((await inMemory.verify()).verdict, "intact");
    assert.equal((await inMemory.verify({ threads: 2 })).verdict, "intact");
  });

  /** A copy cut off after so many entries by a keeper who removed the traces. */
  function shortened(size: number): string {
    const copy = copyJournal(directory, root);
    for (const trace of ["head", "checkpoint"]) rmSync(join(copy, trace));
    for (const path of ledgerFiles(copy)) {
      const lines = readFileSync(path, "utf8").split(/(?<=\n)/);
      const cut = lines.findIndex((line) => line.startsWith(`{"seq":${size},`));
      if (Number(basename(path, ".jsonl")) >= size) rmSync(path);
      else if (cut >= 0) writeFileSync(path, lines.slice(0, cut).join(""));
    }
    return copy;
  }
});
