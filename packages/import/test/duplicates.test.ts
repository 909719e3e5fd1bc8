import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { calybris, chio, hoosh, symbi, type Format } from "@stele/import";
import { checkBytes, seed } from "./support/check.ts";
import { calybrisLog } from "./support/origin-files.ts";

function textOf(name: string): string {
  return Buffer.from(seed(name)).toString();
}

async function codesOf(format: Format, text: string): Promise<unknown[]> {
  const { verdict, findings } = await checkBytes(format, text);
  return [verdict, ...findings.map(({ code }) => code)];
}

suite("a member that is there twice", () => {
  const symbiText = textOf("symbi-critic.json");
  const chioText = textOf("chio-session.json");
  const hooshText = `{"entries":${textOf("hoosh-audit.json")},"total":50}`;
  const CASES: readonly (readonly [string, Format, string])[] = [
    [
      "symbi's key",
      symbi,
      symbiText.replace(/\}\s*$/, `,"verifying_key_hex":"${"0".repeat(64)}"}`),
    ],
    [
      "symbi's key, before the entries",
      symbi,
      symbiText.replace("{", '{"verifying_key_hex":"00",'),
    ],
    ["chio's entries", chio, chioText.replace(/\}\s*$/, ',"entries":[]}')],
    ["chio's entries, in other letters", chio, chioText.replace(/\}\s*$/, ',"\\u0065ntries":[]}')],
    ["chio's entries, first no array", chio, chioText.replace("{", '{"entries":7,')],
    ["chio's session", chio, chioText.replace("{", '{"session_id":"other",')],
    ["hoosh's total", hoosh, hooshText.replace("{", '{"total":1,')],
    ["hoosh's entries", hoosh, hooshText.replace("{", '{"entries":[],')],
  ];
  for (const [what, format, text] of CASES) {
    test(`${what}: the file is broken, with the name`, async () => {
      assert.deepEqual(await codesOf(format, text), ["broken", "duplicate-member"]);
      const { findings } = await checkBytes(format, text);
      assert.match(findings[0]!.message, /"(verifying_key_hex|entries|session_id|total)"/);
    });
  }

  test("in an entry", async () => {
    const text = chioText.replace('"allowed": true', '"allowed": true, "allowed": true');
    assert.deepEqual((await codesOf(chio, text)).slice(0, 2), ["broken", "duplicate-member"]);
  });
});

suite("calybris data gives the same verdict in every layout", () => {
  const deep = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  const CASES: readonly (readonly [string, string, string])[] = [
    ["a member twice", '{"a":1,"b":{"a":1},"a":2}', "duplicate-member"],
    ["a member twice, in an array", '{"a":[{"b":1,"c":2,"b":1}]}', "duplicate-member"],
    ["a member twice, in other letters", String.raw`{"a":1,"\u0061":2}`, "duplicate-member"],
    ["the same names in different objects", '{"a":{"a":1},"b":[{"a":1},{"a":2}]}', "intact"],
    ["names that differ in escapes alone", String.raw`{"\n":1,"\u000d":2}`, "intact"],
    ["many names", `{${Array.from({ length: 500 }, (_, n) => `"n${n}":${n}`).join()}}`, "intact"],
    ["half a character", String.raw`{"a":"\ud83d"}`, "not-an-entry"],
    ["a character in halves", String.raw`{"a":"\ud83d\ude00"}`, "intact"],
    ["a number without end", '{"a":1e999}', "intact"],
    ["objects in objects", deep(127), "intact"],
    ["too many objects in objects", deep(128), "not-an-entry"],
  ];
  for (const [what, data, expected] of CASES) {
    test(what, async () => {
      const lines = [...calybrisLog(["1", data, "2"])];
      const spaced = lines.map((line) => line.replace('{"sequence":', '{ "sequence": '));
      for (const text of [lines.join(""), spaced.join("")]) {
        const codes = await codesOf(calybris, text);
        assert.deepEqual(codes, expected === "intact" ? ["intact"] : ["broken", expected]);
      }
    });
  }

  test("a last line with a member twice is not torn", async () => {
    const log = [...calybrisLog(["1", '{"a":1,"a":2}'])].join("").trimEnd();
    assert.deepEqual(await codesOf(calybris, log), ["broken", "duplicate-member"]);
  });
});
