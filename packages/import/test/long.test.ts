import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { hoosh, symbi } from "@stele/import";
import { checkBytes } from "./support/check.ts";
import { hooshDocument, symbiDocument } from "./support/origin-files.ts";

suite("what is long", () => {
  test("a text of nine megabytes is read, escapes and all", async () => {
    const messages = ["x".repeat(9 << 20), '\\"'.repeat(1 << 16)].map((message) => ({ message }));
    const document = [...hooshDocument(messages, "key")].join("");
    const report = await checkBytes(hoosh, document, { key: "key" });
    assert.deepEqual([report.verdict, report.entries], ["intact", 2]);
  });

  test("a member of many brackets costs time in proportion to its length", async () => {
    // Work in proportion to the square of it would take minutes.
    const document = `{"a":${"[]".repeat(1 << 18)},"entries":[]}`;
    const report = await checkBytes(hoosh, document);
    assert.equal(report.findings[0]?.code, "not-an-entry");
  });

  test("the array of entries is found behind members that have brackets", async () => {
    const document = [...hooshDocument([{ message: "a" }], "key")].join("");
    const around = `{"a":[1],"b":{"c":[]},"entries":${document},"d":[]}`;
    const report = await checkBytes(hoosh, around, { key: "key", chunkBytes: 3 });
    assert.deepEqual([report.verdict, report.entries], ["intact", 1]);
  });

  test("a name that is cut in a message is not cut within a character", async () => {
    const name = `${"n".repeat(78)}\u{1f600}${"z".repeat(9)}`;
    const document = [...hooshDocument([{ message: "a" }], "key")].join("");
    const twice = document.replace("[{", `[{"${name}":1,"${name}":2},{`);
    const [finding] = (await checkBytes(hoosh, twice)).findings;
    assert.equal(finding?.code, "duplicate-member");
    assert.ok(finding.message.isWellFormed());
  });

  test("a signature that waits for its key is none when it is too long", async () => {
    const document = [...symbiDocument([{ id: "a", iteration: 1 }])].join("");
    const long = document.replace('"signature":"', '"signature":"00');
    assert.equal((await checkBytes(symbi, document)).verdict, "intact");
    const report = await checkBytes(symbi, long);
    assert.deepEqual([report.findings[0]?.code, report.findings.length], ["signature-wrong", 1]);
  });
});
