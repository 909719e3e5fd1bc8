import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { utf8 } from "@stele/core/bytes";
import { calybris, chio, hoosh, symbi, type Format, type Report } from "@stele/import";
import { checkBytes, seed } from "./support/check.ts";
import { exportAll, signingKey, takenOver, type Recorded } from "./support/export.ts";

interface Vector {
  readonly file: string;
  readonly format: Format;
  readonly key?: string;
}

const VECTORS: readonly Vector[] = [
  { file: "calybris-unkeyed.jsonl", format: calybris },
  { file: "calybris-keyed.jsonl", format: calybris, key: "calybris-vector-key-7" },
  { file: "calybris-floats.jsonl", format: calybris },
  { file: "calybris-audited.jsonl", format: calybris },
  { file: "chio-session.json", format: chio },
  { file: "chio-lengths.json", format: chio },
  { file: "chio-lengths-evicted.json", format: chio },
  { file: "hoosh-audit.json", format: hoosh, key: "hoosh-vector-key-7" },
  { file: "hoosh-audit-evicted.json", format: hoosh, key: "hoosh-vector-key-7" },
  { file: "symbi-critic.json", format: symbi },
];

/** The events of a journal that took over the file. */
function taken({ file, format, key }: Vector): Promise<Recorded[]> {
  return takenOver(format, seed(file), key === undefined ? {} : { key });
}

async function intact(format: Format, bytes: Uint8Array, key?: string): Promise<Report> {
  const report = await checkBytes(format, bytes, key === undefined ? {} : { key });
  assert.equal(report.verdict, "intact", JSON.stringify(report.findings));
  return report;
}

suite("files that were taken over", () => {
  for (const vector of VECTORS) {
    const { file, format, key } = vector;
    test(`${file} comes out as it was, with its key and without`, async () => {
      const recorded = await taken(vector);
      for (const secret of [undefined, key]) {
        const options = secret === undefined ? {} : { key: utf8(secret) };
        const { bytes, summary } = await exportAll(format.name, recorded, options);
        assert.equal(Buffer.from(bytes).toString(), Buffer.from(seed(file)).toString());
        assert.equal(summary.asTheyWere, recorded.length - 1);
        assert.deepEqual(summary.notes, []);
      }
    });

    test(`${file} without one of its records is chained anew behind it, and intact`, async () => {
      const recorded = (await taken(vector)).toSpliced(3, 1);
      const options = { ...(key && { key: utf8(key) }), signingKey: signingKey(1) };
      const { bytes, summary } = await exportAll(format.name, recorded, options);
      const report = await intact(format, bytes, key);
      assert.equal(report.entries, recorded.length - 1);
      // All signatures are the new key's; and hoosh links by hashes that are not chained.
      const kept = new Map([
        [symbi, 0],
        [hoosh, report.entries - 1],
      ]);
      assert.equal(summary.asTheyWere, kept.get(format) ?? 3);
      assert.equal(summary.chainedAnew, report.entries - summary.asTheyWere);
    });
  }
});

const KEY = "a key";

/** How the records of a format look, and what it needs. */
function write(format: Format, events: readonly string[]): ReturnType<typeof exportAll> {
  const recorded = events.map((event) => ({ event }));
  return exportAll(format.name, recorded, { key: utf8(KEY), signingKey: signingKey(1) });
}

async function recordsOf(format: Format, bytes: Uint8Array): Promise<string[]> {
  const records: string[] = [];
  const how = format === calybris || format === hoosh ? { key: KEY } : {};
  const report = await checkBytes(format, bytes, {
    ...how,
    onEntries: async (entries) => {
      for (const { bytes: record } of entries) records.push(Buffer.from(record).toString());
    },
  });
  assert.equal(report.verdict, "intact", JSON.stringify(report.findings));
  return records;
}

suite("events of Stele's own", () => {
  test("a decision's data is that of a calybris record, as serde_json writes it", async () => {
    const numbers = "2.0,-0.0,1e21,1E2,1.50,-0,18446744073709551615,1e-7,-9223372036854775808";
    const more = "100000000000000000000,1e15,1e16,0.00001,123456789.125,-12e-7,5e-324";
    const data = `{"z":[${numbers},${more}],"a":"\\u00fc\\/\\u0001"}`;
    const events = [`{"type":"decision","data":${data}}`, '{"type":"decision"}'];
    const records = await recordsOf(calybris, (await write(calybris, events)).bytes);
    const written =
      '{"z":[2.0,-0.0,1e21,100.0,1.5,-0.0,18446744073709551615,1e-7,-9223372036854775808,1e20,' +
      '1000000000000000.0,1e16,0.00001,123456789.125,-1.2e-6,5e-324],"a":"ü/\\u0001"}';
    assert.deepEqual(
      records.map((record) => record.slice(record.indexOf('"data":'))),
      [`"data":${written}}`, '"data":null}'],
    );
  });

  test("a tool call says what it knows to chio, and the rest is said to be unknown", async () => {
    const full =
      '{"type":"tool.call","session":"s-1","agent":"a","data":{"tool":"sh","server":"h",' +
      '"delegationDepth":4294967295,"bytesRead":"18446744073709551615","bytesWritten":7,' +
      '"allowed":false}}';
    const bare = '{"type":"tool.call","session":"s-1","data":{"tool":"ls"}}';
    const { bytes } = await write(chio, [full, bare]);
    const records = (await recordsOf(chio, bytes)).map((record) =>
      record.replaceAll(/"[a-z]+_hash":"[0-9a-f]{64}",/g, ""),
    );
    assert.deepEqual(records, [
      '{"sequence":0,"timestamp_secs":1795217732,"tool_name":"sh","server_id":"h",' +
        '"agent_id":"a","bytes_read":18446744073709551615,"bytes_written":7,' +
        '"delegation_depth":4294967295,"allowed":false}',
      '{"sequence":1,"timestamp_secs":1795217733,"tool_name":"ls","server_id":"unknown",' +
        '"agent_id":"unknown","bytes_read":0,"bytes_written":0,"delegation_depth":0,' +
        '"allowed":true}',
    ]);
    assert.match(Buffer.from(bytes).toString(), /"session_id": "s-1"\n\}$/);
  });

  test("a gateway's event keeps what hoosh has no member for as metadata", async () => {
    const event =
      '{"type":"gateway.event","id":"g-1","data":{"event":"inference.request","level":"info",' +
      '"message":"m","provider":"p","model":"q","inputTokens":42,"cached":true,' +
      '"metadata":{"z":1.50,"a":[1e21]}}}';
    const [record] = await recordsOf(hoosh, (await write(hoosh, [event])).bytes);
    const rest =
      '{"id":"g-1","timestamp":1795217732766,"event":"inference.request","level":"info",' +
      '"message":"m","provider":"p","model":"q",' +
      '"metadata":{"z":1.5,"a":[1e21],"inputTokens":42,"cached":true},"integrity":';
    assert.ok(record!.startsWith(rest), record);
  });

  test("a review is signed, with its time as chrono prints it", async () => {
    const review = (critic: string): string =>
      `{"type":"review","data":{"directorHash":"${"d".repeat(64)}",` +
      `"criticHash":"${"c".repeat(64)}",` +
      `"verdict":"needs_revision","score":1e21,"dimensions":{"x":0.5},"critic":${critic},` +
      '"iteration":2}}';
    const { bytes } = await write(symbi, [
      review('{"type":"llm","modelId":"m"}'),
      review('{"type":"human","userId":"u","name":"Zoë"}'),
    ]);
    const { publicKey } = signingKey(1);
    assert.equal((await checkBytes(symbi, bytes, { publicKey })).keyed, true);
    const [first, second] = await recordsOf(symbi, bytes);
    assert.match(first!, /"critic_identity":\{"type":"llm","model_id":"m"\}/);
    assert.match(first!, /"timestamp":"2026-11-20T23:35:32.766Z"/);
    assert.match(first!, /"entry_id":"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab]/);
    assert.match(second!, /"timestamp":"2026-11-20T23:35:33.016Z"/);
    assert.match(second!, /\{"type":"human","user_id":"u","name":"Zoë"\}/);
  });

  test("what there is nothing of is a file without records", async () => {
    for (const format of [calybris, chio, hoosh, symbi]) {
      const { bytes, summary } = await write(format, ['{"type":"note"}', '{"type":"stele.gap"}']);
      assert.deepEqual(await recordsOf(format, bytes), []);
      assert.deepEqual([summary.leftOut.otherType, summary.leftOut.journal], [1, 1]);
    }
  });

  test("any events that there can be come out intact, in any order with those taken over", async () => {
    const vectors = VECTORS.filter(({ file }) => !/evicted|floats/.test(file));
    const files = await Promise.all(vectors.map(taken));
    const index = fc.nat(vectors.length - 1);
    const cut = fc.nat(8);
    await fc.assert(
      fc.asyncProperty(index, fc.array(native), cut, async (n, own, at) => {
        const recorded = files[n]!.slice(0, 8).map(({ event, ...rest }) => {
          return { event: event.replace("sess-own", "sess-7"), ...rest };
        });
        await comesOutIntact(vectors[n]!, recorded.toSpliced(at, 0, ...own));
      }),
      { numRuns: 60 },
    );
  });
});

async function comesOutIntact({ format }: Vector, recorded: readonly Recorded[]): Promise<void> {
  const options = { key: utf8(KEY), signingKey: signingKey(1) };
  const { bytes, summary } = await exportAll(format.name, recorded, options);
  const records = await recordsOf(format, bytes);
  assert.equal(records.length, summary.records);
  assert.equal(summary.leftOut.wrong, 0);
  const again = await exportAll(format.name, await takenOver(format, bytes, { key: KEY }), options);
  assert.deepEqual(Buffer.from(again.bytes).toString(), Buffer.from(bytes).toString());
}

const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
const whole = fc.bigInt(0n, (1n << 64n) - 1n).map((value) => {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
});
const digest = fc.constant("0".repeat(64));
const real = fc.double({ noNaN: true, noDefaultInfinity: true });

/** An event of a type that some format has a record for. */
const native: fc.Arbitrary<Recorded> = fc
  .oneof(
    fc.record({ type: fc.constant("decision"), data: fc.jsonValue() }),
    fc.record({
      type: fc.constant("tool.call"),
      session: fc.constant("sess-7"),
      data: fc.record(
        { tool: word, server: word, bytesRead: whole, bytesWritten: whole, allowed: fc.boolean() },
        { requiredKeys: ["tool"] },
      ),
    }),
    fc.record({
      type: fc.constant("gateway.event"),
      data: fc.record(
        {
          event: word,
          level: fc.constantFrom("trace", "debug", "info", "warn", "error"),
          message: fc.string({ unit: "grapheme" }),
          model: word,
          costMicros: whole,
          metadata: fc.dictionary(
            word.filter((name) => name !== "costMicros"),
            fc.jsonValue(),
          ),
        },
        { requiredKeys: ["event", "level", "message"] },
      ),
    }),
    fc.record({
      type: fc.constant("review"),
      data: fc.record({
        directorHash: digest,
        criticHash: digest,
        verdict: fc.constantFrom("approved", "rejected", "needs_revision"),
        score: real,
        dimensions: fc.dictionary(word, real),
        critic: fc.record({ type: fc.constant("llm"), modelId: word }),
        iteration: fc.nat(),
      }),
    }),
  )
  .map((event) => ({ event: JSON.stringify(event) }));
