import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { SteleError, type ErrorCode } from "@stele/core/error";
import { createWitness, serveWitness, witnessPublicKey } from "@stele/witness";
import { TestLog } from "./support/log.ts";
import { TestWitness } from "./support/witnesses.ts";

const log = new TestLog();
const next = new TestLog({ seed: 2 });

async function refuses(code: ErrorCode, start: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(start, (error: unknown) => {
    assert.ok(error instanceof SteleError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

/** A witness that has signed 5 entries of the log, and is not running. */
async function stopped(): Promise<TestWitness> {
  const witness = await TestWitness.start([log.vkey]);
  await witness.post(log.request(0, 5));
  await witness.close();
  return witness;
}

function fileOf(witness: TestWitness): string {
  return join(witness.directory, "checkpoints", log.hash);
}

suite("a witness that starts again", () => {
  test("goes on where it was", async () => {
    await using witness = await stopped();
    const before = readFileSync(fileOf(witness), "utf8");
    await witness.serve();
    assert.equal((await witness.latest(log.hash)).body, before);
    assert.equal((await witness.post(log.request(0, 6))).body, "5\n");
    assert.equal((await witness.post(log.request(5, 6))).status, 200);
  });

  test("does not care about a file that was not finished", async () => {
    await using witness = await stopped();
    writeFileSync(`${fileOf(witness)}.tmp`, "half");
    await witness.serve();
    assert.equal((await witness.post(log.request(5, 6))).status, 200);
  });

  test("refuses a checkpoint with any line changed, or none", async () => {
    await using witness = await stopped();
    const good = readFileSync(fileOf(witness), "utf8");
    const lines = good.split("\n");
    const damage = [
      "",
      good.slice(0, -1),
      good.replace("\n5\n", "\n4\n"),
      log.checkpoint(5),
      log.checkpoint(3),
      // Signed by the witness alone, or with a line of the log's that is wrong.
      lines.toSpliced(4, 1).join("\n"),
      lines.with(4, log.checkpoint(6).split("\n")[4]!).join("\n"),
      lines.with(5, lines[5]!.replace(/.{9}$/, "AAAAAAAA=")).join("\n"),
    ];
    for (const [index, bad] of damage.entries()) {
      writeFileSync(fileOf(witness), bad);
      await refuses("WITNESS_DAMAGED", serveWitness(witness.directory), new RegExp(log.hash));
      assert.equal(readFileSync(fileOf(witness), "utf8"), bad, `${index} is left as it is`);
    }
    writeFileSync(fileOf(witness), good);
    await witness.serve();
  });

  test("refuses one log's checkpoint in another's place", async () => {
    await using witness = await stopped();
    const other = new TestLog({ origin: "tests.example/other" });
    renameSync(fileOf(witness), join(witness.directory, "checkpoints", other.hash));
    await refuses("WITNESS_DAMAGED", serveWitness(witness.directory), /another log's/);
  });

  test("refuses another witness's checkpoints", async () => {
    await using witness = await stopped();
    rmSync(join(witness.directory, "key"));
    await createWitness(witness.directory, "tests.example/witness");
    await refuses("WITNESS_DAMAGED", serveWitness(witness.directory), /not signed by this witness/);
  });

  test("refuses to begin anew when its checkpoints are gone", async () => {
    await using witness = await stopped();
    rmSync(join(witness.directory, "checkpoints"), { recursive: true });
    await refuses("WITNESS_DAMAGED", serveWitness(witness.directory), /checkpoints: it is missing/);
  });

  test("wants a key in the list that signed what it keeps, if the log has any", async () => {
    await using witness = await stopped();
    const list = join(witness.directory, "logs");
    writeFileSync(list, `${next.vkey}\n`);
    await refuses("WITNESS_DAMAGED", serveWitness(witness.directory), /in the list of logs/);
    writeFileSync(list, "");
    await witness.serve();
    assert.equal((await witness.post(log.request(5, 6))).status, 404);
    assert.equal((await witness.latest(log.hash)).status, 200);
  });

  test("refuses a malformed list, and names the line", async () => {
    await using witness = await stopped();
    writeFileSync(join(witness.directory, "logs"), `${log.vkey}\n# fine\nnot a key\n`);
    await refuses("KEY_MALFORMED", serveWitness(witness.directory), /logs line 3/);
    writeFileSync(join(witness.directory, "logs"), `${witness.vkey}\n`);
    await refuses("KEY_MALFORMED", serveWitness(witness.directory), /logs line 1/);
  });
});

suite("a witness's directory", () => {
  test("has one server at a time", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    await refuses("WITNESS_LOCKED", serveWitness(witness.directory), /lock/);
    assert.equal((await witness.post(log.request(0, 1))).status, 200);
    await witness.close();
    await witness.serve();
    assert.equal((await witness.post(log.request(1, 2))).status, 200);
  });

  test("is made once, and has a key of its own", async () => {
    await using witness = await TestWitness.make([]);
    assert.equal(await witnessPublicKey(witness.directory), witness.vkey);
    await refuses(
      "WITNESS_EXISTS",
      createWitness(witness.directory, "other"),
      /there is a witness in/,
    );
    assert.equal(await witnessPublicKey(witness.directory), witness.vkey);
    await using other = await TestWitness.make([]);
    assert.notEqual(other.vkey, witness.vkey);
    await refuses(
      "OPTION_INVALID",
      createWitness(`${witness.directory}2`, "two words"),
      /two words/,
    );
    assert.ok(!existsSync(`${witness.directory}2`));
  });

  test("must be one", async () => {
    await using witness = await TestWitness.make([]);
    const nowhere = join(witness.directory, "nowhere");
    await refuses("WITNESS_MISSING", serveWitness(nowhere), /nowhere/);
    await refuses("WITNESS_MISSING", witnessPublicKey(nowhere), /nowhere/);
    assert.ok(!existsSync(nowhere));
  });

  test("is let go of when the server cannot listen", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    await using other = await TestWitness.make([log.vkey]);
    const port = Number(new URL(witness.url).port);
    await refuses("OPTION_INVALID", serveWitness(other.directory, { port }), /cannot listen/);
    await other.serve();
  });
});
