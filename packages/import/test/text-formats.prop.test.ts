import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { SteleError } from "@stele/core/error";
import { calybris, checkOrigin, chio, hoosh, symbi, type Format, type Report } from "@stele/import";
import { primitives } from "./support/check.ts";
import { calybrisLog, chioDocument, hooshDocument, symbiDocument } from "./support/origin-files.ts";

/** More by the environment, for a long hunt. */
const RUNS = Number(process.env["STELE_RUNS"] ?? 60);
const KEY = "a key of the property tests";

/** Without control characters, whose escapes have more than one spelling. */
const text = fc.string({
  unit: fc.constantFrom(...Array.from('ab0 {}[],:"\\/é日😀')),
  maxLength: 12,
});
const json = fc.jsonValue({ maxDepth: 3 }).map(sortedJson);

interface Case {
  readonly name: string;
  readonly format: Format;
  readonly key?: string;
  readonly document: fc.Arbitrary<string>;
  /** What may change unnoticed, as the report says, and white space. */
  readonly unprotected: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: "calybris",
    format: calybris,
    document: fc.array(json, { minLength: 1 }).map((data) => joined(calybrisLog(data))),
    unprotected: /\n$/g,
  },
  {
    name: "calybris with a key",
    format: calybris,
    key: KEY,
    document: fc.array(json, { minLength: 1 }).map((data) => joined(calybrisLog(data, KEY))),
    unprotected: /\n$/g,
  },
  ...[false, true].map((hasLengths) => ({
    name: hasLengths ? "chio with lengths" : "chio",
    format: chio,
    document: fc
      .array(
        fc.record({
          tool: text,
          server: text,
          agent: text,
          bytesRead: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
          depth: fc.nat(),
          allowed: fc.boolean(),
        }),
        { minLength: 1 },
      )
      .map((entries) => joined(chioDocument(entries, hasLengths))),
    unprotected: /"session_id":"[^"]*"|\n/g,
  })),
  {
    name: "hoosh",
    format: hoosh,
    key: KEY,
    document: fc
      .array(fc.record({ message: text, metadata: fc.option(json, { nil: undefined }) }), {
        minLength: 1,
      })
      .map((entries) => joined(hooshDocument(entries, KEY))),
    unprotected: /"version":"1\.0\.0"/g,
  },
  {
    name: "symbi",
    format: symbi,
    document: fc
      .array(fc.record({ id: text, iteration: fc.nat() }), { minLength: 1, maxLength: 4 })
      .map((entries) => joined(symbiDocument(entries))),
    unprotected: /\{"a":1\.0\}|"model_id":"m"|\{"type":"llm"|"verifying_key_hex":"\w+"|\n/g,
  },
];

suite("a file of any records, as its rules say", () => {
  for (const { name, format, key, document, unprotected } of CASES) {
    test(`${name}: is intact, and cut into chunks anywhere gives the same report`, async () => {
      const property = fc.asyncProperty(document, fc.array(fc.nat()), async (file, cuts) => {
        const bytes = Buffer.from(file);
        const whole = await check(format, [bytes], key);
        assert.equal(whole.verdict, "intact", JSON.stringify(whole.findings[0]));
        assert.deepEqual(await check(format, cutAt(bytes, cuts), key), whole);
      });
      await fc.assert(property, { numRuns: RUNS });
    });

    test(`${name}: with any changed byte in a protected part is not intact`, async () => {
      const change = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.array(fc.nat()));
      const property = fc.asyncProperty(document, change, async (file, [place, by, cuts]) => {
        const bytes = Buffer.from(file);
        const open = protectedOffsets(file, unprotected);
        const at = open[place % open.length]!;
        bytes[at]! ^= by;
        const outcome = await verdict(format, bytes, cuts, key);
        assert.notEqual(outcome, "intact", `byte ${at} of ${bytes.toString()}`);
      });
      await fc.assert(property, { numRuns: 4 * RUNS });
    });
  }
});

async function verdict(
  format: Format,
  bytes: Uint8Array,
  cuts: readonly number[],
  key: string | undefined,
): Promise<string> {
  try {
    return (await check(format, cutAt(bytes, cuts), key)).verdict;
  } catch (error) {
    assert.ok(error instanceof SteleError, String(error));
    return error.code;
  }
}

function check(
  format: Format,
  chunks: readonly Uint8Array[],
  key: string | undefined,
): Promise<Report> {
  const secret = key === undefined ? undefined : Buffer.from(key);
  return checkOrigin(format, each(chunks), { primitives, key: secret });
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index]));
}

/** The offsets of bytes outside of what the pattern finds. */
function protectedOffsets(file: string, unprotected: RegExp): readonly number[] {
  const marked = file.replace(unprotected, (part) => "\u0000".repeat(Buffer.byteLength(part)));
  const bytes = Buffer.from(marked);
  return [...bytes.keys()].filter((at) => bytes[at] !== 0);
}

function joined(parts: Iterable<string>): string {
  return [...parts].join("");
}

/** Compact, with the names of objects sorted by code points. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const names = Object.keys(value).toSorted((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  const members = names.map(
    (name) => `${JSON.stringify(name)}:${sortedJson((value as Record<string, unknown>)[name])}`,
  );
  return `{${members.join()}}`;
}
