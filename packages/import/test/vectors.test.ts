import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fromHex } from "@stele/core/bytes";
import {
  calybris,
  checkOrigin,
  chio,
  hoosh,
  readMember,
  recogniseFormat,
  symbi,
  type Format,
  type OriginEntry,
} from "@stele/import";
import { checkBytes, inMemory, primitives, seed } from "./support/check.ts";
import { SYMBI_PUBLIC_KEY, symbiDocument } from "./support/origin-files.ts";

const SYMBI_KEY = fromHex("d14677734c5b63da629572f3eab9b927babf833c27ff3da13bf0d723281ebe42")!;

interface Vector {
  readonly file: string;
  readonly format: Format;
  readonly entries: number;
  readonly head?: string;
  readonly key?: string;
}

const VECTORS: readonly Vector[] = [
  {
    file: "calybris-unkeyed.jsonl",
    format: calybris,
    entries: 53,
    head: "869660b6ef22895b3c3603a95faee76180ca5ec0406f2bd967cfa3b7ee7dde89",
  },
  {
    file: "calybris-keyed.jsonl",
    format: calybris,
    entries: 53,
    head: "eb439fc8548141d9ff95bddfc6d849f5c3b4f6a1765a41c3a009314e4c09e788",
    key: "calybris-vector-key-7",
  },
  { file: "calybris-floats.jsonl", format: calybris, entries: 200 },
  { file: "calybris-audited.jsonl", format: calybris, entries: 5 },
  {
    file: "chio-session.json",
    format: chio,
    entries: 32,
    head: "246d68aa9542a460b8d903b9a1bd565e0d4001772a90d38701759fa994f74585",
  },
  { file: "hoosh-audit.json", format: hoosh, entries: 50, key: "hoosh-vector-key-7" },
  { file: "hoosh-audit-evicted.json", format: hoosh, entries: 10, key: "hoosh-vector-key-7" },
  { file: "hoosh-null-metadata.json", format: hoosh, entries: 2, key: "hoosh-own-key" },
  { file: "chio-lengths.json", format: chio, entries: 20 },
  { file: "chio-lengths-evicted.json", format: chio, entries: 5 },
  { file: "symbi-critic.json", format: symbi, entries: 30 },
];

suite("files that the original systems wrote", () => {
  for (const { file, format, entries, head, key } of VECTORS) {
    test(`${file} is intact, however it is cut into chunks`, async () => {
      for (const chunkBytes of [65_536, 1000, 7]) {
        const how = { chunkBytes, ...(key === undefined ? {} : { key }) };
        const report = await checkBytes(format, seed(file), how);
        assert.equal(report.verdict, "intact", JSON.stringify(report.findings));
        assert.equal(report.entries, entries);
        if (head !== undefined) assert.equal(report.headHash, head);
      }
    });

    test(`${file} is recognised, with the reason`, async () => {
      const recognised = await recogniseFormat(inMemory(seed(file)));
      assert.equal(recognised.format, format);
      assert.match(recognised.reason, /entries have|lines have/);
    });

    test(`${file} gives each record's own bytes`, async () => {
      const kept: OriginEntry[] = [];
      const bytes = seed(file);
      const onEntries = async (some: readonly OriginEntry[]): Promise<void> => {
        kept.push(...some);
      };
      await checkBytes(format, bytes, { onEntries, ...(key === undefined ? {} : { key }) });
      assert.equal(kept.length, entries);
      for (const entry of kept) {
        const there = bytes.slice(entry.offsetBytes, entry.offsetBytes + entry.bytes.length);
        assert.deepEqual(entry.bytes, there);
        assert.equal(entry.problem, null);
        assert.ok(format.map(entry).type);
      }
    });
  }
});

test("a keyed calybris log is broken at sequence 1 with another key or none", async () => {
  for (const how of [{ key: "another" }, {}]) {
    const report = await checkBytes(calybris, seed("calybris-keyed.jsonl"), how);
    assert.equal(report.verdict, "broken");
    const [first] = report.findings;
    assert.deepEqual(
      [first?.code, first?.line, first?.index, first?.offsetBytes],
      ["hash-mismatch", 1, 0, 0],
    );
    assert.match(first!.message, /key/);
  }
});

test("chio: a report says what its way of hashing leaves open", async () => {
  const bare = await checkBytes(chio, seed("chio-session.json"));
  assert.match(bare.unprotected.join("\n"), /hashed without their lengths/);
  const whole = await checkBytes(chio, seed("chio-lengths.json"));
  assert.doesNotMatch(whole.unprotected.join("\n"), /without their lengths/);
  const evicted = await checkBytes(chio, seed("chio-lengths-evicted.json"));
  assert.match(evicted.notes.join(), /evicted/);
});

test("chio: letters cannot move between texts that are hashed behind their lengths", async () => {
  const text = Buffer.from(seed("chio-lengths.json")).toString();
  const moved = text.replace('"tool0",', '"tool",').replace('"srv-ü"', '"0srv-ü"');
  const report = await checkBytes(chio, moved);
  assert.deepEqual([report.verdict, report.findings[0]?.code], ["broken", "hash-mismatch"]);
});

test("a hoosh chain is broken from its first entry on with another key", async () => {
  const report = await checkBytes(hoosh, seed("hoosh-audit.json"), { key: "another" });
  assert.equal(report.findings[0]?.code, "signature-wrong");
  assert.equal(report.findings[0]?.index, 0);
});

test("a symbi audit is checked against the key that is given", async () => {
  const bytes = seed("symbi-critic.json");
  const pinned = await checkBytes(symbi, bytes, { publicKey: SYMBI_KEY });
  assert.deepEqual([pinned.verdict, pinned.keyed], ["intact", true]);
  const other = await checkBytes(symbi, bytes, { publicKey: new Uint8Array(32).fill(7) });
  assert.deepEqual([other.verdict, other.findings[0]?.code], ["broken", "signature-wrong"]);
  assert.match(pinned.unprotected.join("\n"), /verifying_key_hex/);
  assert.match((await checkBytes(symbi, bytes)).unprotected.join("\n"), /verifying_key_hex/);
});

test("symbi: a file that names another key than the one that is given is broken", async () => {
  const text = Buffer.from(seed("symbi-critic.json")).toString();
  const other = "00".repeat(32);
  const renamed = text.replace(/"verifying_key_hex": "\w+"/, `"verifying_key_hex": "${other}"`);
  const { verdict, findings } = await checkBytes(symbi, renamed, { publicKey: SYMBI_KEY });
  assert.deepEqual([verdict, findings.length, findings[0]?.code], ["broken", 1, "key-differs"]);
  assert.equal(findings[0]?.found, other);
});

test("symbi: the key behind many entries is read first, or asked for", async () => {
  const document = [...symbiDocument(reviews(1001))].join("");
  await assert.rejects(checkBytes(symbi, document), { code: "KEY_MISSING" });
  const bytes = Buffer.from(document);
  const statedKey = await readMember(chunksOf(bytes), symbi.keyMember!);
  assert.equal(statedKey, SYMBI_PUBLIC_KEY);
  const report = await checkOrigin(symbi, chunksOf(bytes), { primitives, statedKey });
  assert.deepEqual([report.verdict, report.entries, report.keyed], ["intact", 1001, false]);
});

function* reviews(count: number): Generator<{ id: string; iteration: number }> {
  for (let iteration = 0; iteration < count; iteration++)
    yield { id: `id-${iteration}`, iteration };
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

test("with a secret key no finding says what a forger would need", async () => {
  const calybrisText = Buffer.from(seed("calybris-keyed.jsonl")).toString();
  const hooshText = Buffer.from(seed("hoosh-audit.json")).toString();
  const forged = [
    [calybris, calybrisText.replace("gpt-4o", "gpt-5o"), "calybris-vector-key-7"],
    [hoosh, hooshText.replace("message 49", "message 94"), "hoosh-vector-key-7"],
  ] as const;
  for (const [format, text, key] of forged) {
    const { findings } = await checkBytes(format, text, { key });
    assert.deepEqual([findings.length, findings[0]?.expected], [1, null], format.name);
  }
});

test("a symbi audit whose signatures cannot be checked is not intact", async () => {
  const text = Buffer.from(seed("symbi-critic.json")).toString();
  const key = /"verifying_key_hex": "(\w+)"/.exec(text)![1]!;
  const unsigned = text.replace(/"signature": "\w+"/g, `"signature": "${"0".repeat(128)}"`);
  for (const other of [key.slice(2), "zz", ""]) {
    await assert.rejects(checkBytes(symbi, unsigned.replace(key, other)), { code: "KEY_MISSING" });
  }
  const upper = await checkBytes(symbi, unsigned.replace(key, key.toUpperCase()));
  assert.deepEqual([upper.verdict, upper.findings[0]?.code], ["broken", "signature-wrong"]);
  assert.equal((await checkBytes(symbi, text.replace(key, key.toUpperCase()))).verdict, "intact");
});
