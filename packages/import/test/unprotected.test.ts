import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fromHex } from "@stele/core/bytes";
import { calybris, chio, hoosh, symbi, type Format } from "@stele/import";
import { checkBytes, seed } from "./support/check.ts";
import { symbiDocument } from "./support/origin-files.ts";

const HOOSH_KEY = { key: "hoosh-vector-key-7" };

/** The file of a vector as text. */
function textOf(name: string): string {
  return Buffer.from(seed(name)).toString();
}

/** A changed file that the original's scheme takes for intact; the report names the weakness. */
async function isUndetected(format: Format, changed: string, named: RegExp): Promise<void> {
  const report = await checkBytes(format, changed, format === hoosh ? HOOSH_KEY : {});
  assert.equal(report.verdict, "intact", JSON.stringify(report.findings[0]));
  assert.match(report.unprotected.join("\n"), named);
}

suite("what the formats leave unprotected", () => {
  test("calybris: a cut tail", async () => {
    const text = textOf("calybris-unkeyed.jsonl");
    const changed = text.split("\n").slice(0, 20).join("\n");
    await isUndetected(calybris, `${changed}\n`, /the end: /);
  });

  test("calybris: members besides the four", async () => {
    const text = textOf("calybris-unkeyed.jsonl");
    const changed = text.replace('{"sequence":1,', '{"by":"mallory","sequence":1,');
    await isUndetected(calybris, changed, /members besides sequence/);
  });

  test("chio: the session; with lengths, the beginning", async () => {
    await isUndetected(chio, textOf("chio-session.json").replace("sess-7", "sess-8"), /session_id/);
    const text = textOf("chio-lengths.json");
    const changed = text.replace(/\{[^{}]*"sequence": 0,[^{}]*\},/, "");
    assert.notEqual(changed, text);
    await isUndetected(chio, changed, /the beginning: /);
  });

  test("chio: where one field ends and the next begins", async () => {
    const text = textOf("chio-session.json");
    const changed = text.replace(
      '"server_id": "srv-0",\n      "timestamp_secs": 1795217732,\n      "tool_name": "bash"',
      '"server_id": "shsrv-0",\n      "timestamp_secs": 1795217732,\n      "tool_name": "ba"',
    );
    assert.notEqual(changed, text);
    await isUndetected(chio, changed, /tool_name, server_id and agent_id are hashed without/);
  });

  test("hoosh: the version", async () => {
    const changed = textOf("hoosh-audit.json").replace('"version":"1.0.0"', '"version":"9.9.9"');
    await isUndetected(hoosh, changed, /integrity\.version/);
  });

  test("hoosh: the beginning and the end", async () => {
    const entries = textOf("hoosh-audit.json").split(/,(?=\{"id")/);
    await isUndetected(hoosh, `[${entries.slice(9).join()}`, /the beginning: /);
    await isUndetected(hoosh, `${entries.slice(0, 9).join()}]`, /the end: /);
  });

  test("symbi: with the file's own key, everything", async () => {
    const another = [...symbiDocument([{ id: "of mallory", iteration: 1 }])].join("");
    await isUndetected(symbi, another, /verifying_key_hex/);
    const publicKey = fromHex(
      /"verifying_key_hex": "(\w+)"/.exec(textOf("symbi-critic.json"))![1]!,
    );
    const { findings } = await checkBytes(symbi, another, { publicKey: publicKey! });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["signature-wrong", "key-differs"],
    );
  });

  test("symbi: scores and who judged", async () => {
    const text = textOf("symbi-critic.json");
    const changed = text
      .replace('"accuracy": 0.38', '"accuracy": 0.99')
      .replace('"model_id": "claude-sonnet"', '"model_id": "somebody-else"');
    assert.notEqual(changed, text);
    await isUndetected(symbi, changed, /dimension_scores.*\n?.*critic_identity/);
  });
});

suite("what the formats protect", () => {
  const CASES: readonly (readonly [Format, string, RegExp])[] = [
    [chio, "chio-session.json", /"(tool_name|server_id|agent_id|entry_hash|prev_hash)": "(.)/g],
    [chio, "chio-session.json", /"(bytes_read|bytes_written|timestamp_secs|sequence)": (\d)/g],
    [hoosh, "hoosh-audit.json", /"(id|event|message|signature|previous_hash|model)":"(.)/g],
    [hoosh, "hoosh-audit.json", /"(ms|zeta|tokens|big)":(\d)/g],
    [symbi, "symbi-critic.json", /"(entry_id|\w+_hash|chain_hash|signature|timestamp)": "(.)/g],
    [symbi, "symbi-critic.json", /"(score|iteration)": (\d)/g],
  ];
  for (const [format, file, pattern] of CASES) {
    test(`${format.name}: a change of each ${String(pattern)} is found`, async () => {
      const text = textOf(file);
      const key = format === hoosh ? HOOSH_KEY : {};
      for (const match of text.matchAll(pattern)) {
        const at = match.index + match[0].length - 1;
        const other = match[2] === "1" ? "2" : "1";
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        const report = await checkBytes(format, changed, key).catch(() => undefined);
        assert.notEqual(report?.verdict, "intact", match[0]);
      }
    });
  }
});
