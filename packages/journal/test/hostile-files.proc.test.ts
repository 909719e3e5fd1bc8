import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { createJournal, openJournal, openReader } from "@stele/journal";
import { environment, testKey } from "./support/key.ts";

// A journal that somebody handed over: what lies beside the ledger can be of any size, which costs
// them nothing, and of any kind.

const home = mkdtempSync(join(tmpdir(), "stele-hostile-"));
after(() => rmSync(home, { recursive: true }));

async function newJournal(name: string): Promise<string> {
  const directory = join(home, name);
  await createJournal(directory, { origin: testKey().name, environment });
  await using journal = await openJournal(directory, { environment });
  await journal.append({ type: "note" }, { content: { body: "text" } });
  return directory;
}

suite("a file of a terabyte", () => {
  const expected = {
    "stele.json": "MANIFEST_MALFORMED",
    head: "intact",
    checkpoint: "corrupt",
    agents: "intact",
    "pruned.jsonl": "intact",
  };
  for (const [name, answer] of Object.entries(expected)) {
    test(`in the place of ${name} is not read`, async () => {
      const directory = await newJournal(`large-${name}`);
      spawnSync("touch", [join(directory, name)]);
      truncateSync(join(directory, name), 2 ** 40);
      const verdict = await openReader(directory)
        .then(async (reader) => (await reader.verify()).verdict)
        .catch((error: unknown) => (error as { code: string }).code);
      assert.equal(verdict, answer);
    });
  }
});

suite("a pipe", () => {
  const places = ["ledger/00000000000000000001.jsonl", "content/00000000000000000000.jsonl"];
  for (const [index, place] of places.entries()) {
    test(`in the place of ${place} is not waited for`, async () => {
      const directory = await newJournal(`pipe-${index}`);
      rmSync(join(directory, place), { force: true });
      assert.equal(spawnSync("mkfifo", [join(directory, place)]).status, 0);
      const { verdict } = await (await openReader(directory)).verify();
      assert.equal(verdict, index === 0 ? "corrupt" : "tampered");
    });
  }
});
