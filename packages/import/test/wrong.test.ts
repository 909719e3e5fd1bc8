import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SteleError } from "@stele/core/error";
import { calybris, chio, hoosh, symbi, recogniseFormat, type Format } from "@stele/import";
import { checkBytes, inMemory, seed } from "./support/check.ts";
import {
  chioDocument,
  hooshDocument,
  SYMBI_PUBLIC_KEY,
  symbiDocument,
} from "./support/origin-files.ts";

const LOG = Buffer.from(seed("calybris-unkeyed.jsonl")).toString();
const LINES = LOG.trimEnd().split("\n");

/** Code, line and index of the first finding of a calybris log of these lines. */
async function firstOf(lines: readonly string[]): Promise<unknown[]> {
  const report = await checkBytes(calybris, `${lines.join("\n")}\n`);
  const [first] = report.findings;
  return [report.verdict, first?.code, first?.line, first?.index];
}

/** A copy whose lines from `at` on are others. */
function spliced(at: number, count: number, ...lines: readonly string[]): string[] {
  return LINES.toSpliced(at, count, ...lines);
}

async function isRefused(format: Format, bytes: Uint8Array | string): Promise<void> {
  await assert.rejects(
    checkBytes(format, bytes),
    (error: unknown) => error instanceof SteleError && error.code === "IMPORT_WRONG_FORMAT",
  );
}

suite("a chio file", () => {
  const fields = { tool: "t", server: "s", agent: "a", bytesRead: 1n, depth: 0, allowed: true };
  const linesOf = (lengths: boolean): readonly string[] => [
    ...chioDocument([fields, fields, fields, fields], lengths),
  ];

  test("that begins later has lost entries, unless its format evicts them", async () => {
    for (const [lengths, expected] of [
      [false, ["broken", "entries-missing"]],
      [true, ["intact", undefined]],
    ] as const) {
      const [first = "", , second = "", ...rest] = linesOf(lengths);
      const later = [first, second.replace(",", ""), ...rest].join("");
      const { verdict, findings } = await checkBytes(chio, later);
      assert.deepEqual([verdict, findings[0]?.code], expected);
    }
  });

  test("goes on behind an entry that cannot be read", async () => {
    const text = linesOf(false).join("").replace('"bytes_read":1,"bytes_written":1,', "");
    const { verdict, findings } = await checkBytes(chio, text);
    assert.deepEqual([verdict, findings.map(({ code }) => code)], ["broken", ["not-an-entry"]]);
  });
});

suite("a hoosh file", () => {
  test("whose first entry has none before it says nothing of evicted ones", async () => {
    const messages = ["a", "b"].map((message) => ({ message }));
    const whole = [...hooshDocument(messages, "key")];
    assert.deepEqual((await checkBytes(hoosh, whole.join(""))).notes, []);
    const [first = "", , second = "", ...rest] = whole;
    const { verdict, notes } = await checkBytes(
      hoosh,
      [first, second.replace(",", ""), ...rest].join(""),
    );
    assert.deepEqual([verdict, notes.length], ["intact", 1]);
  });
});

suite("a symbi file", () => {
  test("that names no key, and not the one that was given, is broken", async () => {
    const publicKey = Uint8Array.from(Buffer.from(SYMBI_PUBLIC_KEY, "hex"));
    const text = [...symbiDocument([{ id: "a", iteration: 1 }])].join("");
    assert.equal((await checkBytes(symbi, text, { publicKey })).verdict, "intact");
    for (const stated of ["none", SYMBI_PUBLIC_KEY.slice(2), `${SYMBI_PUBLIC_KEY}00`]) {
      const other = text.replace(SYMBI_PUBLIC_KEY, stated);
      const { findings } = await checkBytes(symbi, other, { publicKey });
      assert.deepEqual(
        findings.map(({ code }) => code),
        ["key-differs"],
      );
    }
  });
});

suite("a calybris log", () => {
  test("with a missing entry says which", async () => {
    assert.deepEqual(await firstOf(spliced(4, 1)), ["broken", "entries-missing", 5, 4]);
  });

  test("with a repeated entry says where", async () => {
    const lines = spliced(4, 0, LINES[3]!);
    assert.deepEqual(await firstOf(lines), ["broken", "entry-repeated", 5, 4]);
  });

  test("with swapped entries says where", async () => {
    const lines = spliced(4, 2, LINES[5]!, LINES[4]!);
    assert.deepEqual(await firstOf(lines), ["broken", "entries-missing", 5, 4]);
  });

  test("with changed data says where, with both hashes", async () => {
    const lines = spliced(0, 1, LINES[0]!.replace("gpt-4o", "gpt-5o"));
    const report = await checkBytes(calybris, lines.join("\n"));
    const [first] = report.findings;
    assert.equal(first?.code, "hash-mismatch");
    assert.match(first.expected!, /^[0-9a-f]{64}$/);
    assert.equal(first?.found, /"entry_hash":"(\w+)"/.exec(LINES[0]!)?.[1]);
  });

  test("of one torn line is torn if an entry can begin so, and none else", async () => {
    const { verdict, entries } = await checkBytes(calybris, LOG.slice(0, 20));
    assert.deepEqual([verdict, entries], ["torn", 0]);
    await isRefused(calybris, '{"hello":');
  });

  test("with a torn last line is torn, whole before", async () => {
    const torn = LOG.slice(0, LOG.lastIndexOf("\n", LOG.length - 2) + 60);
    const report = await checkBytes(calybris, torn);
    assert.deepEqual([report.verdict, report.entries], ["torn", LINES.length - 1]);
    assert.equal(report.findings[0]?.line, LINES.length);
  });

  test("without the last newline is intact", async () => {
    assert.equal((await checkBytes(calybris, LOG.slice(0, -1))).verdict, "intact");
  });

  test("with blank lines and CRLF is intact, and the report says so", async () => {
    const report = await checkBytes(calybris, `\r\n${LINES.join("\r\n \r\n")}\r\n`);
    assert.equal(report.verdict, "intact");
    assert.match(report.notes.join(), /CRLF/);
    assert.match(report.notes.join(), /blank/);
  });

  test("in another layout of the same members is intact", async () => {
    const loose = LINES.map((line) =>
      line.replace('{"sequence":', '{ "extra":[1,2], "sequence" : '),
    );
    assert.equal((await checkBytes(calybris, loose.join("\n"))).verdict, "intact");
  });

  test("with a byte order mark is not as its writer wrote it", async () => {
    const report = await checkBytes(calybris, `\ufeff${LOG}`);
    assert.deepEqual(
      report.findings.map(({ code }) => code),
      ["byte-order-mark"],
    );
  });

  test("with bytes that are not UTF-8 says where", async () => {
    const bytes = Buffer.from(LOG);
    bytes[LOG.indexOf("gpt-4o")] = 0xff;
    const report = await checkBytes(calybris, bytes);
    assert.deepEqual([report.findings[0]?.code, report.findings[0]?.line], ["not-utf8", 1]);
  });

  test("that is empty has not begun", async () => {
    const report = await checkBytes(calybris, "");
    assert.deepEqual([report.verdict, report.entries], ["intact", 0]);
    assert.match(report.notes.join(), /empty/);
  });

  test("is not another format's file", async () => {
    await isRefused(calybris, seed("hoosh-audit.json"));
    await isRefused(calybris, "hello\n".repeat(1000));
    await isRefused(calybris, '{"type":"note"}\n');
  });

  test("with one changed byte is never intact", async () => {
    const bytes = Buffer.from(`${LINES.slice(0, 6).join("\n")}\n`);
    for (let at = 0; at < bytes.length - 1; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 0x01;
      const report = await checkBytes(calybris, changed);
      assert.notEqual(report.verdict, "intact", `byte ${at}`);
    }
  });

  test("with a line longer than is read is refused, with its line", async () => {
    const huge = async function* (): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 70; n++) yield Buffer.alloc(1024 * 1024, 0x61);
    };
    const { checkOrigin } = await import("@stele/import");
    const { primitives } = await import("./support/check.ts");
    await assert.rejects(checkOrigin(calybris, huge(), { primitives }), {
      code: "IMPORT_TOO_LARGE",
      message: /^line 1 /,
    });
  });
});

suite("a JSON document of entries", () => {
  for (const [format, file] of [
    [chio, "chio-session.json"],
    [hoosh, "hoosh-audit.json"],
    [symbi, "symbi-critic.json"],
  ] as const) {
    const key = format === hoosh ? { key: "hoosh-vector-key-7" } : {};
    const bytes = seed(file);

    test(`of ${format.name}, cut anywhere, is not intact`, async () => {
      for (let size = 1; size < bytes.length - 1; size += 997) {
        const report = await checkBytes(format, bytes.slice(0, size), key);
        assert.equal(report.verdict, "torn", `${size} bytes`);
      }
    });

    test(`of ${format.name}, with something behind it or a byte order mark, is broken`, async () => {
      const behind = await checkBytes(format, Buffer.concat([bytes, Buffer.from("\n[]")]), key);
      assert.equal(behind.findings[0]?.code, "bytes-behind");
      const mark = await checkBytes(format, Buffer.concat([Buffer.from("\ufeff"), bytes]), key);
      assert.equal(mark.findings[0]?.code, "byte-order-mark");
    });

    test(`of ${format.name}, with a comma too many or too few, is broken`, async () => {
      const text = Buffer.from(bytes).toString();
      const at = /\},\s*\{"?/.exec(text)!.index + 1;
      for (const wrong of [
        `${text.slice(0, at)},${text.slice(at)}`,
        text.slice(0, at) + text.slice(at + 1),
      ]) {
        const report = await checkBytes(format, wrong, key);
        assert.equal(report.verdict, "broken");
        assert.ok(report.findings[0]!.line! > 0);
      }
    });

    test(`that is not ${format.name}'s is refused`, async () => {
      await isRefused(format, "");
      await isRefused(format, "hello");
      await isRefused(format, '[{"a":1}]');
      await isRefused(format, seed("calybris-unkeyed.jsonl"));
    });
  }
});

test("a file of no known format is not recognised", async () => {
  const hello = inMemory(Buffer.from("hello"));
  await assert.rejects(recogniseFormat(hello), { code: "IMPORT_WRONG_FORMAT" });
});
