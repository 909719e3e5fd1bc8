import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { SteleError, type Journal, type Verdict } from "@stele/journal";
import { bytesOf, segmentsOf, spliced, type Line, type Segment } from "./support/ledger-lines.ts";
import { MemoryDisk } from "./support/memory-disk.ts";
import { DIRECTORY, newMemoryJournal, openInMemory } from "./support/memory-journal.ts";
import { collect } from "./support/scratch.ts";

// A small journal (three segments, commits of one and two entries, contents), damaged in every way, one at a time.
// All of it was acknowledged, and `head` says so: no damage may pass for a crash, and none may change a byte.

let disk: MemoryDisk;
let pristine: ReadonlyMap<string, Uint8Array>;
let segments: readonly Segment[];
/** Its own state does not matter: `verify` and `read` look at the disk anew each time. */
let journal: Journal;

before(async () => {
  disk = await newMemoryJournal({ segmentBytes: 1024 });
  journal = await openInMemory(disk);
  await journal.append({ type: "note", data: "first" }, { content: { text: "some text" } });
  await Promise.all([journal.append({ type: "note", data: 2 }), journal.append({ type: "note" })]);
  await journal.append({ type: "note", id: "four" });
  await journal.append({ type: "note", data: { five: 5 } }, { content: { bytes: "\u0000" } });
  await Promise.all([journal.append({ type: "note", data: 6 }), journal.append({ type: "note" })]);
  await journal.append({ type: "note" });
  pristine = new Map(disk.files);
  segments = segmentsOf(disk);
  assert.ok(segments.length >= 3, "rotation was hit");
});

suite("one byte of the ledger changed", () => {
  for (const [name, change] of Object.entries<(byte: number) => number>({
    "to the next one": (byte) => (byte + 1) & 0xff,
    "to zero": () => 0,
    "to a newline": () => 0x0a,
    "by its highest bit": (byte) => byte ^ 0x80,
    "by its case bit": (byte) => byte ^ 0x20,
  })) {
    test(`${name} is found, at its place`, async () => {
      for (const { segment, offset } of everyByte()) {
        const byte = change(segment.bytes[offset]!);
        if (byte === segment.bytes[offset]) continue;
        const bytes = spliced(segment.bytes, [offset, offset + 1], Uint8Array.of(byte));
        await expectFound({ segment, bytes, offset, name: `offset ${offset} ${name}` });
      }
    });
  }

  test("is refused for writing and changes nothing, or is left to verify", async () => {
    for (const { segment, offset } of everyByte()) {
      const byte = segment.bytes[offset]! ^ (1 << offset % 8);
      const bytes = spliced(segment.bytes, [offset, offset + 1], Uint8Array.of(byte));
      await expectRefused({ segment, bytes, offset, name: `offset ${offset}` });
    }
  });
});

suite("lines of the ledger", () => {
  test("deleted are found", async () => {
    for (const { segment, line, name } of everyLine()) {
      const bytes = spliced(segment.bytes, [line.start, line.end]);
      await expectDetected({ segment, bytes, offset: line.start, name });
    }
  });

  test("written twice are found, wherever the second one stands", async () => {
    for (const { segment, line, name } of everyLine()) {
      for (const { end } of segment.lines) {
        const bytes = spliced(segment.bytes, [end, end], bytesOf(segment, line));
        await expectDetected({ segment, bytes, offset: end, name: `${name} again at ${end}` });
      }
    }
  });

  test("swapped are found", async () => {
    for (const { segment, line, name } of everyLine()) {
      for (const other of segment.lines.filter(({ start }) => start > line.start)) {
        const between = segment.bytes.subarray(line.end, other.start);
        const swapped = [bytesOf(segment, other), between, bytesOf(segment, line)];
        const range = [line.start, other.end] as const;
        const bytes = spliced(segment.bytes, range, Buffer.concat(swapped));
        await expectDetected({ segment, bytes, offset: line.start, name: `${name}, ${other.start}` });
      }
    }
  });

  test("moved to another segment are found", async () => {
    for (const { segment, line, name } of everyLine()) {
      for (const target of segments.filter(({ first }) => first !== segment.first)) {
        const { end } = target.lines[0]!;
        const bytes = spliced(target.bytes, [end, end], bytesOf(segment, line));
        await expectDetected({ segment: target, bytes, offset: end, name });
      }
    }
  });
});

suite("a ledger file", () => {
  test("cut off at any byte is found", async () => {
    for (const { segment, offset } of everyByte()) {
      const bytes = segment.bytes.subarray(0, offset);
      await expectFound({ segment, bytes, offset: undefined, name: `cut at ${offset}` });
    }
    for (const { segment, line, name } of everyLine()) {
      for (const offset of [line.start, line.start + 1, line.end - 1]) {
        const bytes = segment.bytes.subarray(0, offset);
        await expectRefused({ segment, bytes, offset: undefined, name: `${name} cut at ${offset}` });
      }
    }
  });

  test("that is missing is found", async () => {
    for (const segment of segments) {
      disk.files.delete(segment.path);
      assert.notEqual((await check()).verdict, "intact", segment.path);
      disk.files.set(segment.path, segment.bytes);
      const files = new Map([...pristine].filter(([path]) => path !== segment.path));
      await assertDamaged(openInMemory(new MemoryDisk(files)), segment.path);
    }
  });

  test("with bytes behind its end is found", async () => {
    for (const segment of segments) {
      for (const tail of ["\0", "\n", "x", '{"seq":', "\0".repeat(4096), "x\n", "{}\n"]) {
        const bytes = Buffer.concat([segment.bytes, Buffer.from(tail)]);
        const verdict = await check(segment, bytes);
        if (segment === segments.at(-1) && !tail.endsWith("\n")) {
          // What a crash leaves of a commit: acknowledged to nobody, so intact, and said.
          assert.equal(verdict.verdict, "intact", JSON.stringify(tail));
          assert.deepEqual(verdict.unsealed, { entries: 0, bytes: tail.length });
        } else {
          assert.notEqual(verdict.verdict, "intact", JSON.stringify(tail));
        }
      }
    }
  });
});

interface Damage {
  readonly segment: Segment;
  readonly bytes: Uint8Array;
  /** Where it begins, when the finding must name the line there. */
  readonly offset: number | undefined;
  readonly name: string;
}

/** The damage is in the verdict, with its place; reading yields only what was written, then fails. */
async function expectFound({ segment, bytes, offset, name }: Damage): Promise<void> {
  const verdict = await check(segment, bytes);
  if (verdict.verdict === "intact") assert.fail(`${segment.path}, ${name}: intact`);
  if (offset === undefined) return;
  const line = lineAt(segment, offset);
  const seq = verdict.firstBad!.seq;
  const place = `${segment.path}, ${name}: ${JSON.stringify(verdict.firstBad)}`;
  if (line.kind === "seal") assert.ok(seq >= line.sealedSize && seq <= line.size, place);
  else assert.equal(seq, line.size, place);
}

/** Opening for writing changes no byte when it refuses; when the damage is none of its business, verify still says it. */
async function expectRefused({ segment, bytes, name }: Damage): Promise<void> {
  const files = new Map(pristine).set(segment.path, bytes);
  const damaged = new MemoryDisk(files);
  let opened: Journal;
  try {
    opened = await openInMemory(damaged);
  } catch (error) {
    assert.ok(error instanceof SteleError, `${name}: ${String(error)}`);
    const codes = ["JOURNAL_DAMAGED", "JOURNAL_NEWER_FORMAT"];
    assert.ok(codes.includes(error.code), `${name}: ${error.message}`);
    assert.deepEqual(damaged.files, files, `${name}: a byte was changed`);
    return;
  }
  assert.notEqual(segment, segments.at(-1), `${segment.path}, ${name}: opened`);
  assert.notEqual((await verdictOf(opened)).verdict, "intact", `${segment.path}, ${name}`);
  assert.deepEqual(damaged.files.get(segment.path), bytes, `${name}: a byte was changed`);
  await opened.close();
}

async function expectDetected(damage: Damage): Promise<void> {
  await expectFound({ ...damage, offset: undefined });
  await expectRefused(damage);
}

/** The verdict when the file has these bytes; a format from the future counts as a finding in its segment's header. */
async function check(segment?: Segment, bytes?: Uint8Array): Promise<Verdict> {
  if (segment) disk.files.set(segment.path, bytes!);
  try {
    await expectTruth();
    return await verdictOf(journal);
  } catch (error) {
    if (!(error instanceof SteleError) || error.code !== "JOURNAL_NEWER_FORMAT") throw error;
    const firstBad = { seq: segment!.first, reason: error.message };
    return { ...EMPTY, verdict: "corrupt", firstBad };
  } finally {
    if (segment) disk.files.set(segment.path, segment.bytes);
  }
}

const EMPTY = { size: 0, root: "", unsealed: { entries: 0, bytes: 0 } } as const;

async function verdictOf(of: Journal): Promise<Verdict> {
  return of.verify({ threads: 1 });
}
