import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { calybris, checkOrigin, chio, hoosh, stemedb, symbi, type Format } from "@stele/import";
import { createJournal, openJournal, openReader } from "@stele/journal";
import { isReplayOf } from "@stele/records";
import type { Outcome } from "@stele/records/types";
import { nodeEd25519, nodeHasher } from "@stele/store/node";
import { openOrigin } from "../src/origin-file.ts";
import { takeOver, type TakenOver } from "../src/take-over.ts";

const primitives = { ...nodeHasher, ...nodeEd25519 };
const KEY = Buffer.from("hoosh-vector-key-7");

/** A change of what the format leaves unprotected: in the file, and in what Stele made of it. */
interface Unnoticed {
  readonly format: Format;
  readonly file: string;
  readonly change: (text: string) => string;
  readonly type: string;
}

const CASES: readonly Unnoticed[] = [
  {
    format: calybris,
    file: "calybris-unkeyed.jsonl",
    change: (text) => text.replace('{"sequence":1,', '{"by":"mallory","sequence":1,'),
    type: "calybris.record",
  },
  {
    format: chio,
    file: "chio-session.json",
    change: (text) =>
      text.replace(
        /"server_id": "(srv-\d)"(,\s+"timestamp_secs": \d+,\s+)"tool_name": "bash"/,
        '"server_id": "sh$1"$2"tool_name": "ba"',
      ),
    type: "tool.call",
  },
  {
    format: hoosh,
    file: "hoosh-audit.json",
    change: (text) => text.replace('"version":"1.0.0"', '"version":"9.0.0"'),
    type: "gateway.event",
  },
  {
    format: symbi,
    file: "symbi-critic.json",
    change: (text) => text.replace('"accuracy": 0.38', '"accuracy": 0.99'),
    type: "review",
  },
];

function seed(name: string): URL {
  return new URL(`../../../spec/vectors/seeds/${name}`, import.meta.url);
}

/** Checks the file, and takes it over. */
async function run(
  directory: string,
  format: Format,
  path: string,
  changeMeanwhile?: () => Promise<void>,
): Promise<TakenOver> {
  await using journal = await openJournal(directory, { deduplicationWindow: 0 });
  const file = await openOrigin(path);
  const options = { primitives, key: format === hoosh ? KEY : undefined };
  const sha256 = nodeHasher.sha256(await readFile(path));
  const { stated, sizeBytes } = await checkOrigin(format, file.chunks(), options);
  const task = { journal, format, file, source: "file", sha256, sizeBytes, stated, options };
  await changeMeanwhile?.();
  return await takeOver(task);
}

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "stele-import-"));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

suite("a file that was taken over", () => {
  for (const { format, file, change, type } of CASES) {
    test(`${format.name}: the journal notices the change that the original does not`, () =>
      withDirectory(async (directory) => {
        const journal = join(directory, "journal");
        await createJournal(journal, { origin: "acme.example/agents" });
        const text = await readFile(seed(file), "utf8");
        const changed = change(text);
        assert.notEqual(changed, text);

        const path = join(directory, file);
        await writeFile(path, changed);
        const opened = await openOrigin(path);
        const report = await checkOrigin(format, opened.chunks(), {
          primitives,
          key: format === hoosh ? KEY : undefined,
        });
        assert.equal(report.verdict, "intact");

        await writeFile(path, text);
        const taken = await run(journal, format, path);
        assert.equal(taken.present, 0);
        const reader = await openReader(journal);
        const { event } = await reader.get(0);
        assert.equal(event.type, type);
        assert.equal((await reader.verify()).verdict, "intact");
        await changeContent(journal, change);
        assert.equal((await (await openReader(journal)).verify()).verdict, "tampered");
      }));
  }

  test("stemedb: the journal notices records in another order, which the original does not", () =>
    withDirectory(async (directory) => {
      const journal = join(directory, "journal");
      await createJournal(journal, { origin: "acme.example/agents" });
      const [first, second] = stemedbRecords(
        await readFile(new URL("../stemedb/hash-and-payload.wal", seed(""))),
      );
      const path = join(directory, "segment.wal");
      await writeFile(path, Buffer.concat([second!, first!]));
      const swapped = await openOrigin(path);
      const report = await checkOrigin(stemedb, swapped.chunks(), { primitives });
      assert.equal(report.verdict, "intact");
      assert.match(report.unprotected.join(), /order|swapped/);

      await writeFile(path, Buffer.concat([first!, second!]));
      assert.equal((await run(journal, stemedb, path)).added, 2);
      assert.equal((await (await openReader(journal)).verify()).verdict, "intact");
      await swapContents(journal);
      assert.equal((await (await openReader(journal)).verify()).verdict, "tampered");
    }));

  test("chio: the session has the totals that the original counts", () =>
    withDirectory(async (directory) => {
      const journal = join(directory, "journal");
      await createJournal(journal, { origin: "acme.example/agents" });
      await run(journal, chio, fileURLToPath(seed("chio-session.json")));
      const totals = (await (await openReader(journal)).session("sess-7")).totals();
      assert.equal(totals.bytesRead, 18446744073709551615n);
      assert.equal(totals.bytesWritten, 9007199254801105n);
      assert.equal(totals.invocations, 32);
      assert.equal(totals.maxDelegationDepth, 5);
    }));

  test("is there once, however often it is taken over, and goes on where a run ended", () =>
    withDirectory(async (directory) => {
      const journal = join(directory, "journal");
      await createJournal(journal, { origin: "acme.example/agents" });
      const lines = (await readFile(seed("calybris-floats.jsonl"), "utf8")).trimEnd().split("\n");
      const path = join(directory, "wal.jsonl");
      await writeFile(path, `${lines.slice(0, 70).join("\n")}\n`);
      assert.equal((await run(journal, calybris, path)).added, 70);
      await writeFile(path, `${lines.join("\n")}\n`);
      const { added, present } = await run(journal, calybris, path);
      assert.deepEqual([added, present], [130, 70]);
      const size = await (await openReader(journal)).size();
      await run(journal, calybris, path);
      assert.equal(await (await openReader(journal)).size(), size);
      await writeFile(path, `${lines.slice(1).join("\n")}\n`);
      await assert.rejects(run(journal, calybris, path), { code: "IMPORT_DIFFERENT" });
    }));

  test("is told from the user's own entries, whatever their ids are", () =>
    withDirectory(async (directory) => {
      const journal = join(directory, "journal");
      await createJournal(journal, { origin: "acme.example/agents" });
      const path = fileURLToPath(seed("calybris-floats.jsonl"));
      await appendAll(journal, [{ type: "note", id: "calybris:foo", data: { origin: null } }]);
      assert.equal((await run(journal, calybris, path)).added, 200);
      const origin = { format: "calybris", index: 0 };
      await appendAll(journal, [
        { type: "note", id: "calybris:0:bar", data: { origin } },
        { type: "note", id: `calybris:1:${"0".repeat(64)}`, data: { origin } },
        { type: "note", id: `calybris:0:${"0".repeat(64)}`, data: {} },
      ]);
      const again = await run(journal, calybris, path);
      assert.deepEqual([again.added, again.present], [0, 200]);
    }));

  test("is recorded though another entry has the id of one of its records", () =>
    withDirectory(async (directory) => {
      const journal = join(directory, "journal");
      await createJournal(journal, { origin: "acme.example/agents" });
      const path = fileURLToPath(seed("calybris-unkeyed.jsonl"));
      const [line = ""] = (await readFile(path, "utf8")).split("\n");
      const id = `calybris:0:${nodeHasher.sha256(Buffer.from(line))}`;
      await appendAll(journal, [{ type: "note", id }]);
      const { added, report } = await run(journal, calybris, path);
      assert.equal(added, report.entries);
      const reader = await openReader(journal);
      assert.equal(await reader.size(), 1 + report.entries + 1);
      const again = await run(journal, calybris, path);
      assert.deepEqual([again.added, again.present], [0, report.entries]);
    }));

  test("is recorded whole, records too large for an entry of their type and odd hashes too", () =>
    withDirectory(async (directory) => {
      const journal = join(directory, "journal");
      await createJournal(journal, { origin: "acme.example/agents" });
      const path = join(directory, "audit.json");
      await writeFile(path, hooshDocument(["first", "m".repeat(70_000), "last"]));
      assert.equal((await run(journal, hoosh, path)).added, 3);
      const events = [];
      for await (const { event } of (await openReader(journal)).read({ to: 3 })) events.push(event);
      const types = ["gateway.event", "hoosh.record", "gateway.event", "stele.imported"];
      assert.deepEqual(
        events.map(({ type }) => type),
        types,
      );

      const log = join(directory, "wal.jsonl");
      const odd = "h".repeat(70_000);
      const links = `"previous_hash":"genesis","entry_hash":"${odd}"`;
      await writeFile(log, `{"sequence":1,${links},"data":1}\n`);
      assert.equal((await run(journal, calybris, log)).added, 1);
      const { event } = await (await openReader(journal)).get(4);
      const { origin } = event.data as { origin: { hash: string } };
      assert.equal(origin.hash, `${"h".repeat(128)}…`);
    }));

  test("is told when it has lost records that were taken over", () =>
    withDirectory(async (directory) => {
      const journal = join(directory, "journal");
      await createJournal(journal, { origin: "acme.example/agents" });
      const text = await readFile(seed("calybris-unkeyed.jsonl"), "utf8");
      const path = join(directory, "wal.jsonl");
      await writeFile(path, text);
      const { added } = await run(journal, calybris, path);
      await writeFile(path, text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1));
      await assert.rejects(run(journal, calybris, path), { code: "IMPORT_DIFFERENT" });
      assert.equal(await (await openReader(journal)).size(), added + 1);
    }));

  test("has every digit of a sequence, and decisions where calybris audited them", () =>
    withDirectory(async (directory) => {
      const journal = join(directory, "journal");
      await createJournal(journal, { origin: "acme.example/agents" });
      await run(journal, calybris, fileURLToPath(seed("calybris-audited.jsonl")));
      const reader = await openReader(journal);
      const decisions = [];
      for await (const { event } of reader.read({ to: 4 })) decisions.push(event);
      assert.deepEqual(
        decisions.map(({ type, data }) => [type, (data as { verdict?: unknown }).verdict]),
        ["admit", "substitute", "reject", "reject", "reject"].map((word) => ["decision", word]),
      );
      const { data } = decisions[1]! as { data: Outcome };
      assert.ok(isReplayOf({ data }, data));
      assert.equal(data.requested, "2");

      const path = join(directory, "wal.jsonl");
      const [line] = (await readFile(seed("calybris-unkeyed.jsonl"), "utf8")).split("\n");
      await writeFile(path, line!.replace('"sequence":1', '"sequence":18446744073709551615'));
      const other = join(directory, "other");
      await createJournal(other, { origin: "acme.example/agents" });
      const { report } = await run(other, calybris, path);
      assert.equal(report.findings[0]?.found, "18446744073709551615");
      const { event } = await (await openReader(other)).get(0);
      assert.equal((event.data as { sequence: unknown }).sequence, "18446744073709551615");
    }));

  test("is what was checked: what is added meanwhile is left, what is changed is told", () =>
    withDirectory(async (directory) => {
      const journal = join(directory, "journal");
      await createJournal(journal, { origin: "acme.example/agents" });
      const text = await readFile(seed("calybris-floats.jsonl"), "utf8");
      const start = text.slice(0, text.indexOf("\n", 5000) + 1);
      const path = join(directory, "wal.jsonl");
      await writeFile(path, start);
      const grown = await run(journal, calybris, path, () => writeFile(path, text));
      assert.equal(grown.added, start.split("\n").length - 1);
      assert.equal(grown.report.sizeBytes, start.length);
      const changed = text.replace('"data":{', '"data":[');
      const run2 = run(journal, calybris, path, () => writeFile(path, changed));
      await assert.rejects(run2, { code: "IMPORT_DIFFERENT" });
      const last = text.replace(/1(?=[^0-9]*\n$)/, "2");
      const run3 = run(journal, calybris, path, () => writeFile(path, last));
      await assert.rejects(run3, { code: "IMPORT_CHANGED" });
    }));
});

/** A chain of these messages, signed with KEY. */
function hooshDocument(messages: readonly string[]): string {
  let previous = "0".repeat(64);
  const entries = messages.map((message, timestamp) => {
    const fields = { event: "e", id: "i", level: "info", message, timestamp };
    const hash = nodeHasher.sha256(Buffer.from(JSON.stringify(fields)));
    const signature = nodeHasher.hmacSha256(KEY, [Buffer.from(`${hash}:${previous}`)]);
    const integrity = { version: "1.0.0", signature, previous_hash: previous };
    previous = hash;
    return { ...fields, integrity };
  });
  return JSON.stringify(entries);
}

function stemedbRecords(file: Buffer): Buffer[] {
  const sizeBytes = 40 + file.readUInt32LE(0);
  const rest = file.subarray(sizeBytes);
  return [file.subarray(0, sizeBytes), ...(rest.length > 0 ? stemedbRecords(rest) : [])];
}

const CONTENTS = "content/00000000000000000000.jsonl";

/** Puts the first content of the journal in the place of the second, and the other way round. */
async function swapContents(journal: string): Promise<void> {
  const path = join(journal, CONTENTS);
  const stored = await readFile(path, "utf8");
  const [first, second] = stored.match(/"(?:base64|text|bytes)":"((?:[^"\\]|\\.)*)"/g)!;
  assert.notEqual(first, second);
  const swapped = stored.replaceAll(/"(?:base64|text|bytes)":"(?:[^"\\]|\\.)*"/g, (body) =>
    body === first ? second! : first,
  );
  await writeFile(path, swapped);
}

async function appendAll(directory: string, events: readonly object[]): Promise<void> {
  await using journal = await openJournal(directory);
  for (const event of events) await journal.append(event as { type: string });
}

/** Changes the first record that it can in the journal's contents, as who holds the disk could. */
async function changeContent(journal: string, change: (text: string) => string): Promise<void> {
  const path = join(journal, CONTENTS);
  const stored = await readFile(path, "utf8");
  const forged = stored.replace(
    /"(?:base64|text|bytes)":"((?:[^"\\]|\\.)*)"/g,
    (whole, body: string) => {
      const isText = whole.startsWith('"text"');
      const text = isText
        ? (JSON.parse(`"${body}"`) as string)
        : Buffer.from(body, "base64").toString();
      const changed = change(text);
      const again = isText
        ? JSON.stringify(changed).slice(1, -1)
        : Buffer.from(changed).toString("base64");
      return whole.replace(body, () => again);
    },
  );
  assert.notEqual(forged, stored);
  await writeFile(path, forged);
}
