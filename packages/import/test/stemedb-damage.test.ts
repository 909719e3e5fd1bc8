import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { crc32c } from "@aws-crypto/crc32c";
import fc from "fast-check";
import { createCRC32 } from "hash-wasm";
import { stemedb, type OriginEntry, type Report } from "@stele/import";
import { ByteWindow } from "../src/byte-window.ts";
import { MARK_BYTES, RangeCrc } from "../src/range-crc.ts";
import { HEADER_BYTES } from "../src/stemedb-record.ts";
import { checkBytes } from "./support/check.ts";
import { stemedbRecord, type Coverage } from "./support/stemedb.ts";

interface Read {
  readonly report: Report;
  readonly kept: readonly OriginEntry[];
}

async function read(bytes: Uint8Array, chunkBytes: number): Promise<Read> {
  const kept: OriginEntry[] = [];
  const onEntries = async (some: readonly OriginEntry[]): Promise<void> => {
    kept.push(...some);
  };
  return { report: await checkBytes(stemedb, bytes, { chunkBytes, onEntries }), kept };
}

/** Payloads of many kinds, among them such whose bytes look like lengths. */
const anyPayload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.array(fc.constantFrom(0, 0, 0, 1, 2, 40), { maxLength: 300 }).map((a) => Uint8Array.from(a)),
  fc.string({ maxLength: 100 }).map((text) => Uint8Array.from(Buffer.from(text))),
);
const coverage = fc.constantFrom<Coverage>("hash-and-payload", "payload");
const records = fc
  .tuple(fc.array(anyPayload, { minLength: 1, maxLength: 12 }), coverage)
  .map(([payloads, over]) => payloads.map((one) => stemedbRecord(one, over)));

/** What happens to one record. */
const damage = fc.record({
  record: fc.nat(),
  at: fc.nat(),
  length: fc.oneof(fc.constant(1), fc.nat(60)),
  kind: fc.constantFrom("flip", "zero", "cut", "insert"),
});

interface Damage {
  readonly record: number;
  readonly at: number;
  readonly length: number;
  readonly kind: string;
}

function damaged(record: Buffer, { at, length, kind }: Damage): Buffer {
  // Cut at its end, a record may be made whole by the first bytes of the next: cut its header.
  const from = at % (kind === "cut" ? HEADER_BYTES : record.length);
  const to = Math.min(record.length, from + length);
  const middle = record.subarray(from, to);
  const changes: Record<string, Uint8Array> = {
    flip: middle.map((byte) => byte ^ 0x55),
    zero: middle.map(() => 0),
    cut: new Uint8Array(),
    insert: Buffer.concat([middle, middle]),
  };
  return Buffer.concat([record.subarray(0, from), changes[kind]!, record.subarray(to)]);
}

suite("a damaged stemedb file", () => {
  test("every undamaged record is found, and every damage noticed", async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.array(damage, { maxLength: 4 }), async (all, damages) => {
        const parts = [...all];
        for (const one of damages) {
          const n = one.record % all.length;
          parts[n] = damaged(parts[n]!.length >= HEADER_BYTES ? parts[n]! : all[n]!, one);
        }
        const good = all.filter((record, n) => record.equals(parts[n]!));
        if (good.length === 0) return;
        const { report, kept } = await read(Uint8Array.from(Buffer.concat(parts)), 65_536);
        const found = kept.map(({ bytes }) => Buffer.from(bytes).toString("hex"));
        for (const one of good) assert.ok(found.includes(one.toString("hex")));
        assert.ok(isInOrder(good, found));
        const texts = new Set(all.map((record) => record.toString("hex")));
        assert.ok(found.every((one) => texts.has(one)));

        assert.equal(report.verdict === "intact", isUnnoticed(parts, all));
      }),
      { numRuns: RUNS },
    );
  });

  test("the report and the records do not depend on the chunks", async () => {
    await fc.assert(
      fc.asyncProperty(
        records,
        damage,
        fc.integer({ min: 1, max: 200 }),
        async (all, one, size) => {
          const n = one.record % all.length;
          const parts = all.with(n, damaged(all[n]!, one));
          const bytes = Uint8Array.from(
            Buffer.concat([stemedbRecord(bytesOf("first"), "payload"), ...parts]),
          );
          assert.deepEqual(await read(bytes, size), await read(bytes, 65_536));
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("any flipped bit is noticed", async () => {
    const bit = fc.nat();
    await fc.assert(
      fc.asyncProperty(records, bit, async (all, where) => {
        const bytes = Uint8Array.from(
          Buffer.concat([stemedbRecord(bytesOf("first"), "payload"), ...all]),
        );
        const at = where % (8 * bytes.length);
        bytes[at >> 3]! ^= 1 << (at & 7);
        const report = await checkBytes(stemedb, bytes).catch(() => undefined);
        assert.notEqual(report?.verdict, "intact");
      }),
      { numRuns: RUNS },
    );
  });
});

test("the CRC of a range follows from those at its ends", () => {
  const range = fc.tuple(fc.nat(2000), fc.nat(2000));
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 2000 }),
      fc.array(range),
      (bytes, ranges) => {
        const window = new ByteWindow();
        window.append(bytes);
        const crc = new RangeCrc(window);
        const inOrder = ranges.map(([a, b]) => [a % bytes.length, b % bytes.length] as const);
        for (const [from, end] of inOrder.toSorted(([a], [b]) => a - b)) {
          const to = Math.max(from, end);
          window.discardTo(from - MARK_BYTES);
          crc.discardTo(from - MARK_BYTES);
          assert.equal(crc.of(from, to), crc32c(bytes.subarray(from, to)));
        }
      },
    ),
  );
});

test("the CRC of a long range is the library's", () => {
  const bytes = Uint8Array.from({ length: 300_001 }, (_, at) => (at * at) >> 3);
  const window = new ByteWindow();
  window.append(bytes);
  const crc = new RangeCrc(window);
  assert.equal(crc.of(0, bytes.length), crc32c(bytes));
  assert.equal(crc.of(65, 290_000), crc32c(bytes.subarray(65, 290_000)));
});

suite("a stemedb file made to be dear to check", () => {
  test("costs no more than its size and one record, and the report says what was left out", async () => {
    const first = stemedbRecord(bytesOf("first"), "payload");
    const last = stemedbRecord(bytesOf("last"), "payload");
    const file = Buffer.concat([first, await falseRecords(40, 2 ** 21), last]);
    const { report, kept } = await read(Uint8Array.from(file), 65_536);
    assert.equal(report.verdict, "broken");
    assert.match(report.findings[0]!.message, /at byte \d+ was not checked, as too many before/);
    assert.deepEqual(Buffer.from(kept.at(-1)!.bytes), last);
  });

  test("has its good records read, between such that lie about their length", async () => {
    const good = stemedbRecord(bytesOf("x"), "payload");
    const lie = Buffer.alloc(HEADER_BYTES, 1);
    lie.writeUInt32LE(100_000, 0);
    const file = Buffer.concat(Array.from({ length: 4000 }, () => [good, lie]).flat());
    const { report, kept } = await read(Uint8Array.from(file), 65_536);
    assert.deepEqual([report.entries, kept.length], [4000, 4000]);
  });
});

/** Headers one behind the other, each with the right CRC of a long payload, and a wrong hash. */
async function falseRecords(count: number, sizeBytes: number): Promise<Buffer> {
  const crc = await createCRC32(0x82f63b78);
  const bytes = Buffer.alloc(sizeBytes, 0xee);
  for (let n = count - 1; n >= 0; n--) {
    const at = n * HEADER_BYTES;
    const payload = bytes.subarray(at + HEADER_BYTES);
    bytes.writeUInt32LE(payload.length, at);
    bytes.writeUInt32LE(Number.parseInt(crc.init().update(payload).digest(), 16), at + 4);
  }
  return bytes;
}

/** Whether all records are there, one after the other, whatever is between. */
function isInOrder(good: readonly Buffer[], found: readonly string[]): boolean {
  let next = 0;
  for (const one of found) if (one === good[next]?.toString("hex")) next++;
  return next === good.length;
}

/** Only whole records are gone or there twice, which the format does not notice. */
function isUnnoticed(parts: readonly Buffer[], all: readonly Buffer[]): boolean {
  return parts.every((part, n) => {
    const times = part.length / all[n]!.length;
    return Number.isInteger(times) && Buffer.alloc(part.length, all[n]).equals(part);
  });
}

const RUNS = Number(process.env["STELE_RUNS"] ?? 150);

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text));
}
