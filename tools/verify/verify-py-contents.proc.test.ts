import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createJournal, openJournal } from "@stele/journal";
import { comparable, judgeInPython, judgeInStele } from "./judge.ts";

// Contents and events of odd forms, that anybody who appends or can write to the directory can
// make: both verifiers say the same.

const hasPython = spawnSync("python3", ["--version"], { stdio: "ignore" }).error === undefined;
const home = mkdtempSync(join(tmpdir(), "stele-verify-py-contents-"));
after(() => rmSync(home, { recursive: true }));
process.env["HOME"] = process.env["XDG_CONFIG_HOME"] = home;

/** The first content line of the journal, changed. */
const CHANGES: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line.replace("}}}", '}},"x":1}'),
  (line) => line.replace("}}}", '}},"__proto__":{}}'),
  (line) => line.replace("}}}", '},"erased":{}}}'),
  (line) => line.replace("}}}", '}},"erased":{}}'),
  (line) => line.replace('"}', '","x":1}'),
  (line) => line.replace('"text":', '"base64":"","text":'),
  (line) => line.replace('"text":', '"te\\u0078t":'),
];

test("odd contents", { skip: !hasPython && "there is no python3" }, async () => {
  const journal = join(home, "journal");
  await createJournal(journal, { origin: "tests.example/odd" });
  {
    await using open = await openJournal(journal);
    const signature = { mediaType: "text/plain", bytes: "0123456789" };
    await open.append({ type: "note" }, { content: { body: "text", signature } });
    // As long as a signature, and where one would be, but deeper.
    const nested = { keyid: "00000000", sig: `${"A".repeat(85)}==` };
    const event = { type: "note", data: { a: { b: { c: "d" } }, signature: nested } };
    await open.append(event);
  }
  const calls = CHANGES.map((change, index) => {
    const copy = join(home, `copy-${index}`);
    cpSync(journal, copy, { recursive: true });
    const path = join(copy, "content/00000000000000000000.jsonl");
    writeFileSync(path, change(readFileSync(path, "utf8")));
    return { journal: copy };
  });
  const outcomes = judgeInPython(calls);
  const verdicts = [];
  for (const [index, call] of calls.entries()) {
    const stele = await judgeInStele(call);
    assert.deepEqual(comparable(outcomes[index]!), comparable(stele), String(CHANGES[index]));
    verdicts.push(stele.answer?.verdict);
  }
  const corrupt = "corrupt";
  const expected = ["intact", corrupt, corrupt, corrupt, "intact", corrupt, corrupt, "intact"];
  assert.deepEqual(verdicts, expected);
});
