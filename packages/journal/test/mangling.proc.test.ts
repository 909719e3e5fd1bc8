import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { SteleError, type Verdict } from "@stele/journal";
import { bytesOf, spliced, type Line, type Segment } from "./support/ledger-lines.ts";
import { Specimen } from "./support/specimen.ts";

// All of the specimen was acknowledged, and `head` says so: no damage may pass for what a crash
// leaves. Every byte is changed in one way, and some in each other way: STELE_MANGLE=all changes
// all in all ways.

const STEP = process.env["STELE_MANGLE"] === "all" ? 1 : 4;

let specimen: Specimen;

before(async () => {
  specimen = await Specimen.make();
});

suite("one byte of the ledger changed", () => {
  const changes: Readonly<Record<string, (byte: number) => number>> = {
    "to the next one": (byte) => (byte + 1) % 256,
    "to zero": () => 0,
    "to a newline": () => 0x0a,
    "in its highest bit": (byte) => byte ^ 0x80,
    "in its case bit": (byte) => byte ^ 0x20,
  };
  for (const [kind, [name, change]] of Object.entries(changes).entries()) {
    test(`${name} is found at its place`, async () => {
      for (const { segment, offset } of everyByte(kind === 0 ? 1 : STEP, kind)) {
        const byte = change(segment.bytes[offset]!);
        if (byte === segment.bytes[offset]) continue;
        await expectFoundAt(withByte(segment, offset, byte), offset, name);
      }
    });
  }

  test("does not come out of reading, nor does anything behind it", async () => {
    for (const { segment, offset } of everyByte()) {
      const byte = segment.bytes[offset]! ^ (1 << (offset % 8));
      const { bytes } = withByte(segment, offset, byte);
      const { entries, error } = await specimen.read({ [segment.path]: bytes });
      const intact = specimen.entries.slice(
        0,
        error === undefined ? undefined : lineAt(segment, offset).size,
      );
      assert.deepEqual(entries, intact, `offset ${offset}`);
      if (error !== undefined) assertCode(error, ["JOURNAL_DAMAGED"], `offset ${offset}`);
    }
  });

  test("ends reading backwards too, at the same entry", async () => {
    for (const { segment, offset } of everyByte()) {
      const line = lineAt(segment, offset);
      if (line.kind !== "entry" || offset === line.end - 1) continue;
      const { bytes } = withByte(segment, offset, segment.bytes[offset]! ^ 4);
      const { entries, error } = await specimen.read({ [segment.path]: bytes }, { reverse: true });
      assert.deepEqual(entries, specimen.entries.slice(line.size + 1).toReversed());
      assertCode(error, ["JOURNAL_DAMAGED"], `offset ${offset}`);
      assert.equal((error as SteleError).seq, line.size);
    }
  });

  test("is refused for writing without a change, or left to verify", async () => {
    for (const { segment, offset } of everyByte(STEP)) {
      const byte = segment.bytes[offset]! ^ (1 << ((offset + 3) % 8));
      await expectNotTouched(withByte(segment, offset, byte), `offset ${offset}`);
    }
  });
});

suite("a line of the ledger", () => {
  test("that is gone is found, unless it is a seal in the middle of a closed segment", async () => {
    const whole = await specimen.verify({});
    for (const { segment, line, name } of everyLine()) {
      const bytes = spliced(segment.bytes, [line.start, line.end]);
      const isLast = segment === specimen.segments.at(-1);
      // The next seal says all that it said; of the last segment, the head says more.
      if (line.kind === "seal" && line.end < segment.bytes.length && !isLast) {
        assert.deepEqual(await specimen.verify({ [segment.path]: bytes }), whole);
      } else {
        await expectFound({ segment, bytes }, name);
      }
    }
  });

  test("that stands twice is found, wherever the second one stands", async () => {
    for (const { segment, line, name } of everyLine()) {
      for (const { end } of segment.lines) {
        const bytes = spliced(segment.bytes, [end, end], bytesOf(segment, line));
        await expectFound({ segment, bytes }, `${name} again at ${end}`);
      }
    }
  });

  test("that has changed places with another is found", async () => {
    for (const { segment, line, name } of everyLine()) {
      for (const other of segment.lines.filter(({ start }) => start > line.start)) {
        const between = segment.bytes.subarray(line.end, other.start);
        const parts = [bytesOf(segment, other), between, bytesOf(segment, line)];
        const bytes = spliced(segment.bytes, [line.start, other.end], Buffer.concat(parts));
        await expectFound({ segment, bytes }, `${name} and ${other.start}`);
      }
    }
  });

  test("of another segment is found", async () => {
    for (const { segment, line, name } of everyLine()) {
      for (const target of specimen.segments.filter((other) => other !== segment)) {
        const { end } = target.lines[0]!;
        const bytes = spliced(target.bytes, [end, end], bytesOf(segment, line));
        await expectFound({ segment: target, bytes }, `${name} in ${target.path}`);
      }
    }
  });
});

suite("a ledger file", () => {
  test("cut off at any byte is found", async () => {
    for (const { segment, offset } of everyByte()) {
      const bytes = segment.bytes.subarray(0, offset);
      await expectFound({ segment, bytes }, `cut at ${offset}`, offset % 16 === 0);
    }
  });

  test("that is missing is found", async () => {
    for (const { path } of specimen.segments) {
      assert.notEqual((await specimen.verify({ [path]: undefined })).verdict, "intact", path);
      const opening = await specimen.open({ [path]: undefined });
      assert.ok("refusal" in opening && opening.refusal.code === "JOURNAL_DAMAGED", path);
      assert.deepEqual(opening.disk.files, specimen.changed({ [path]: undefined }));
    }
  });

  test("with bytes behind its end is found, but for a torn line at the end of the last", async () => {
    for (const segment of specimen.segments) {
      for (const tail of ["\0", "x", '{"seq":', "\0".repeat(4096), "\n", "x\n", "{}\n"]) {
        const bytes = Buffer.concat([segment.bytes, Buffer.from(tail)]);
        const { verdict, unsealed } = await specimen.verify({ [segment.path]: bytes });
        const torn = segment === specimen.lastSegment && !tail.endsWith("\n");
        assert.equal(verdict === "intact", torn, `${segment.path} ${JSON.stringify(tail)}`);
        assert.deepEqual(unsealed.entries, 0);
        if (torn) assert.equal(unsealed.bytes, tail.length);
      }
    }
  });
});

interface Damage {
  readonly segment: Segment;
  readonly bytes: Uint8Array;
}

/** Verify finds it and opening for writing does not touch it. */
async function expectFound(damage: Damage, name: string, open = true): Promise<void> {
  const { path } = damage.segment;
  const { verdict } = await verify(damage);
  assert.notEqual(verdict, "intact", `${path}, ${name}`);
  if (open) await expectNotTouched(damage, name);
}

async function expectFoundAt(damage: Damage, offset: number, name: string): Promise<void> {
  const { path } = damage.segment;
  const { verdict, firstBad } = await verify(damage);
  const place = `${path}, offset ${offset} ${name}: ${JSON.stringify(firstBad)}`;
  assert.notEqual(verdict, "intact", place);
  const { seq } = firstBad!;
  const line = lineAt(damage.segment, offset);
  if (line.kind === "seal") assert.ok(seq >= line.sealedSize && seq <= line.size, place);
  else assert.equal(seq, line.size, place);
}

/** A version digit that became a higher one is a format from the future, which verify cannot judge. */
async function verify({ segment, bytes }: Damage): Promise<Pick<Verdict, "verdict" | "firstBad">> {
  try {
    return await specimen.verify({ [segment.path]: bytes });
  } catch (error) {
    assertCode(error, ["JOURNAL_NEWER_FORMAT"], segment.path);
    return { verdict: "corrupt", firstBad: { seq: segment.first, reason: "newer format" } };
  }
}

/**
 * Opening for writing refuses and changes no byte of any file. It looks at one segment, so damage
 * in one before that may go unnoticed, but not untold: verify still finds it.
 */
async function expectNotTouched({ segment, bytes }: Damage, name: string): Promise<void> {
  const place = `${segment.path}, ${name}`;
  const changes = { [segment.path]: bytes };
  const opening = await specimen.open(changes);
  if ("refusal" in opening) {
    assertCode(opening.refusal, ["JOURNAL_DAMAGED", "JOURNAL_NEWER_FORMAT"], place);
    assert.deepEqual(opening.disk.files, specimen.changed(changes), `${place}: bytes changed`);
    if (segment !== specimen.lastSegment) return;
    const { seq = segment.first } = opening.refusal;
    assert.equal(seq, (await verify({ segment, bytes })).firstBad!.seq, place);
    return;
  }
  assert.notEqual(segment, specimen.lastSegment, `${place}: opened`);
  assert.deepEqual(opening.disk.files.get(segment.path), bytes, `${place}: bytes changed`);
  await opening.journal.close();
}

function assertCode(error: unknown, codes: readonly string[], place: string): void {
  assert.ok(error instanceof SteleError, `${place}: ${String(error)}`);
  assert.ok(codes.includes(error.code), `${place}: ${error.code} ${error.message}`);
}

function withByte(segment: Segment, offset: number, byte: number): Damage {
  return { segment, bytes: spliced(segment.bytes, [offset, offset + 1], Uint8Array.of(byte)) };
}

function lineAt({ lines }: Segment, offset: number): Line {
  return lines.find(({ end }) => offset < end)!;
}

function* everyByte(step = 1, from = 0): Generator<{ segment: Segment; offset: number }> {
  for (const segment of specimen.segments) {
    for (let offset = from % step; offset < segment.bytes.length; offset += step) {
      yield { segment, offset };
    }
  }
}

function* everyLine(): Generator<{ segment: Segment; line: Line; name: string }> {
  for (const segment of specimen.segments) {
    for (const line of segment.lines)
      yield { segment, line, name: `${line.kind} at ${line.start}` };
  }
}
