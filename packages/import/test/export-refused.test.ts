import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fromHex, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { calybris, chio, hoosh, symbi, type Format } from "@stele/import";
import { EXPORT_FORMATS, exportEntries } from "@stele/import/writing";
import { checkBytes, seed } from "./support/check.ts";
import { exportAll, signingKey, takenOver, writing, type Recorded } from "./support/export.ts";

const DECISION: Recorded = { event: '{"type":"decision","data":{}}' };
const HOOSH_KEY = "hoosh-vector-key-7";
const HASHES = `"directorHash":"${"d".repeat(64)}","criticHash":"${"c".repeat(64)}"`;
const REVIEW =
  `{"type":"review","data":{${HASHES},"verdict":"approved","score":1,"dimensions":{},` +
  '"critic":{"type":"llm","modelId":"m"},"iteration":1}}';
const GATEWAY = '{"type":"gateway.event","data":{"event":"e","level":"info","message":"m"}}';
const CALL = '{"type":"tool.call","data":{"tool":"t"}}';

suite("keys", () => {
  test("a keyed calybris log goes on with its key only", async () => {
    const key = "calybris-vector-key-7";
    const recorded = await takenOver(calybris, seed("calybris-keyed.jsonl"), { key });
    const more = [...recorded, DECISION];
    await assert.rejects(exportAll("calybris", more), { code: "KEY_MISSING", seq: 54 });
    const { bytes } = await exportAll("calybris", more, { key: utf8(key) });
    assert.equal((await checkBytes(calybris, bytes, { key })).entries, 54);
  });

  test("a keyed calybris log that begins in the middle wants its key, an unkeyed one none", async () => {
    const key = "calybris-vector-key-7";
    const keyed = await takenOver(calybris, seed("calybris-keyed.jsonl"), { key });
    await assert.rejects(exportAll("calybris", keyed.slice(3)), { code: "KEY_MISSING" });
    const plain = await takenOver(calybris, seed("calybris-unkeyed.jsonl"));
    const { bytes } = await exportAll("calybris", plain.slice(3));
    assert.equal((await checkBytes(calybris, bytes)).verdict, "intact");
  });

  test("another key chains all of a calybris log anew, with it", async () => {
    const key = "calybris-vector-key-7";
    const recorded = await takenOver(calybris, seed("calybris-keyed.jsonl"), { key });
    const { bytes, summary } = await exportAll("calybris", recorded, { key: utf8("new") });
    assert.deepEqual([summary.asTheyWere, summary.chainedAnew], [0, 53]);
    assert.equal((await checkBytes(calybris, bytes, { key: "new" })).verdict, "intact");
  });

  test("an event of a gateway, and a review, cannot be signed without a key", async () => {
    const missing = { code: "KEY_MISSING", seq: 0 };
    await assert.rejects(exportAll("hoosh", [{ event: GATEWAY }]), missing);
    await assert.rejects(exportAll("symbi", [{ event: REVIEW }]), missing);
  });

  test("a symbi file has signatures of one key, and names it if it is known", async () => {
    const recorded = await takenOver(symbi, seed("symbi-critic.json"));
    const unnamed = recorded.slice(0, -1);
    const { summary } = await exportAll("symbi", unnamed);
    assert.match(summary.notes.join(""), /no verifying key/);
    const publicKey = fromHex("d14677734c5b63da629572f3eab9b927babf833c27ff3da13bf0d723281ebe42")!;
    const named = await exportAll("symbi", unnamed, { publicKey });
    assert.deepEqual(Buffer.from(named.bytes), Buffer.from(seed("symbi-critic.json")));
    const options = { signingKey: signingKey(3) };
    const signed = await exportAll("symbi", [...recorded, { event: REVIEW }], options);
    assert.deepEqual([signed.summary.chainedAnew, signed.summary.made], [30, 1]);
    const how = { publicKey: signingKey(3).publicKey };
    assert.equal((await checkBytes(symbi, signed.bytes, how)).verdict, "intact");
    const again = await exportAll("symbi", await takenOver(symbi, signed.bytes), options);
    assert.equal(again.summary.asTheyWere, 31);
  });
});

suite("records that were wrong", () => {
  const changes: readonly (readonly [Format, string, (text: string) => string])[] = [
    [calybris, "calybris-unkeyed.jsonl", (text) => text.replace("gpt-4o", "gpt-5o")],
    [chio, "chio-session.json", (text) => text.replace("agent-3", "agent-4")],
    [hoosh, "hoosh-audit.json", (text) => text.replace("message 7 ", "message 8 ")],
    [symbi, "symbi-critic.json", (text) => text.replace('"rejected"', '"approved"')],
  ];
  for (const [format, file, change] of changes) {
    test(`${format.name} never comes out with a record that was changed`, async () => {
      const key = format === hoosh ? { key: HOOSH_KEY } : {};
      const text = Buffer.from(seed(file)).toString();
      const changed = change(text);
      assert.notEqual(changed, text);
      const recorded = await takenOver(format, changed, key);
      const secret = format === hoosh ? { key: utf8(HOOSH_KEY) } : {};
      const options = { ...secret, signingKey: signingKey(1) };
      const { bytes, summary } = await exportAll(format.name, recorded, options);
      assert.equal(summary.leftOut.wrong, 1);
      assert.equal(summary.records, recorded.length - 2);
      assert.equal((await checkBytes(format, bytes, key)).verdict, "intact");
    });
  }

  test("bytes that are no record are left out, whoever says that they are one", async () => {
    for (const { name } of EXPORT_FORMATS) {
      for (const record of ["", "{", "[]", '{"sequence":1}', "\xff"]) {
        const event = `{"type":"x","data":{"origin":{"format":"${name}","problem":null}}}`;
        const recorded = [{ event, record: Buffer.from(record, "latin1") }];
        const { summary } = await exportAll(name, recorded, { key: utf8("k") });
        assert.deepEqual([summary.records, summary.leftOut.wrong], [0, 1]);
      }
    }
  });

  test("an erased record is left out, and counted", async () => {
    const recorded = await takenOver(chio, seed("chio-session.json"));
    const gone = recorded.map(({ event }, seq) =>
      seq === 4 ? { event, record: "erased" as const } : recorded[seq]!,
    );
    const { bytes, summary } = await exportAll("chio", gone);
    assert.deepEqual([summary.leftOut.erased, summary.asTheyWere], [1, 4]);
    assert.equal((await checkBytes(chio, bytes)).entries, 31);
  });
});

suite("what a format cannot say", () => {
  const impossible: readonly (readonly [string, string, RegExp])[] = [
    ["chio", '{"type":"tool.call","data":{}}', /data\.tool is missing/],
    ["chio", '{"type":"tool.call"}', /data\.tool is missing/],
    ["chio", CALL.replace('"t"', "7"), /data\.tool is not a string/],
    ["chio", CALL.replace('"t"', '"t","bytesRead":-1'), /data\.bytesRead is not a whole/],
    ["chio", CALL.replace('"t"', '"t","bytesRead":"18446744073709551616"'), /of 64 bits/],
    ["chio", CALL.replace('"t"', '"t","delegationDepth":4294967296'), /of 32 bits/],
    ["chio", CALL.replace('"t"', '"t","allowed":"yes"'), /data\.allowed/],
    ["hoosh", GATEWAY.replace("info", "loud"), /data\.level/],
    ["hoosh", GATEWAY.replace('"m"', '"m","metadata":[],"cached":true'), /data\.metadata/],
    ["hoosh", GATEWAY.replace('"m"', '"m","metadata":{"a":1},"a":1'), /data\.a is in/],
    ["symbi", REVIEW.replace("approved", "fine"), /a verdict/],
    ["symbi", REVIEW.replace('"score":1', '"score":"1"'), /score/],
    ["symbi", REVIEW.replace("{}", '{"a":"b"}'), /data\.dimensions/],
    ["symbi", REVIEW.replace('"modelId":"m"', '"modelId":7'), /data\.critic\.modelId/],
    ["symbi", REVIEW.replace('"llm"', '"dog"'), /data\.critic\.type/],
    ["symbi", REVIEW.replace('"iteration":1', '"iteration":1,"timestamp":"today"'), /timestamp/],
  ];
  for (const [name, event, message] of impossible) {
    test(`${name}: ${event}`, async () => {
      const options = { key: utf8("k"), signingKey: signingKey(1) };
      const exporting = exportAll(name, [{ event: '{"type":"note"}' }, { event }], options);
      await assert.rejects(exporting, (error) => {
        assert.ok(error instanceof SteleError);
        assert.deepEqual([error.code, error.seq], ["EXPORT_IMPOSSIBLE", 1]);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test("entries of several sessions are no chio file, and those of one are", async () => {
    const recorded = ["a", "b"].map((session) => {
      return { event: `{"session":"${session}",${CALL.slice(1)}` };
    });
    const none = { event: CALL };
    await assert.rejects(exportAll("chio", recorded), {
      code: "OPTION_INVALID",
      message: /"a", "b"/,
    });
    await assert.rejects(exportAll("chio", [none, ...recorded]), { message: /none, "a"/ });
    const { summary } = await exportAll("chio", [none, ...recorded], { session: "b" });
    assert.deepEqual([summary.records, summary.leftOut.otherSession], [1, 2]);
    const { bytes } = await exportAll("chio", [none]);
    assert.deepEqual((await checkBytes(chio, bytes)).stated, {});
  });
});

test("a long file comes out in pieces while the entries are read", async () => {
  let read = 0;
  async function* lines(): AsyncGenerator<never> {
    const event = { type: "decision", data: "x".repeat(1000) };
    for (; read < 1000; read++) {
      const entry = { seq: read, time: "2026-01-01T00:00:00.000Z", event, hash: "0".repeat(64) };
      yield { entry, line: JSON.stringify(entry) } as never;
    }
  }
  const source = { lines: lines(), content: async () => undefined };
  const [format] = EXPORT_FORMATS;
  const sizes: number[] = [];
  let first = 0;
  for await (const chunk of exportEntries(format!, source, { primitives: writing })) {
    first ||= read;
    sizes.push(chunk.length);
  }
  assert.ok(first < 100);
  assert.ok(Math.max(...sizes) < 100_000);
});
