import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { formatSigningKey, formatVerifierKey } from "@stele/core/key";
import { createJournal, openJournal, type SteleError } from "@stele/journal";
import { TestKeyFile } from "../support/key-file.ts";
import { testKey } from "../support/key.ts";
import { newJournal, scratch } from "../support/scratch.ts";

// Keys behind STELE_SIGNER: a real process for each signature.

const root = scratch("signers");
const publicKey = formatVerifierKey(testKey());

const signing = join(root, "sign.mjs");
const prefix = "302e020100300506032b657004220420";
const seed = Buffer.from(testKey().seed).toString("hex");
writeFileSync(
  signing,
  `import { createPrivateKey, sign } from "node:crypto";
const key = Buffer.from("${prefix}${seed}", "hex");
const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
const message = await Array.fromAsync(process.stdin);
process.stdout.write(sign(null, Buffer.concat(message), privateKey));
`,
);
const sign = `"${process.execPath}" "${signing}"`;

/** A journal whose first append is sealed by the command. */
async function appendWith(command: string): Promise<number> {
  const directory = await newJournal(root);
  const environment = { STELE_SIGNER: command, STELE_KEY: "never looked at" };
  await using journal = await openJournal(directory, { environment });
  await journal.append({ type: "note" });
  const { verdict } = await journal.verify({ key: publicKey });
  assert.equal(verdict, "intact");
  return journal.sealedSize;
}

async function failureOf(command: string): Promise<SteleError> {
  const outcome = await appendWith(command).catch((error: unknown) => error as SteleError);
  assert.ok(typeof outcome === "object", `${command} signed`);
  return outcome;
}

suite("a command that signs", { concurrency: 4 }, () => {
  test("seals as the key itself", async () => {
    assert.equal(await appendWith(sign), 1);
  });

  test("may be a pipeline, and may write to standard error", async () => {
    assert.equal(await appendWith(`cat | ${sign} | cat; echo signed >&2`), 1);
  });

  test("may leave something running, which is stopped and not waited for", async () => {
    const mark = join(root, "mark");
    const started = performance.now();
    assert.equal(await appendWith(`(sleep 3; touch "${mark}") & ${sign}`), 1);
    assert.ok(performance.now() - started < 3000);
    await new Promise((resolve) => setTimeout(resolve, 3500));
    assert.ok(!existsSync(mark));
  });

  test("is stopped after ten seconds, with all that it started", { timeout: 20_000 }, async () => {
    const mark = join(root, "late");
    const { code, message } = await failureOf(`sleep 12 | cat; touch "${mark}"`);
    assert.equal(code, "SIGNER_FAILED");
    assert.match(message, /it ended with signal SIGKILL/);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    assert.ok(!existsSync(mark));
  });

  for (const [what, command, reason] of [
    ["dies", "kill -9 $$", /signal SIGKILL/],
    ["is not there", "/no/such/program", /it ended with status 127: .*not found/],
    [
      "fails",
      "echo the token is locked >&2; exit 3",
      /it ended with status 3: the token is locked/,
    ],
    ["does not read", "exit 0", /no signature by tests\.example\/journal\+/],
    ["answers with another signature", "head -c 64 /dev/zero", /no signature by/],
    ["answers with a newline more", `${sign}; echo`, /no signature by/],
    ["answers with half of it", `${sign} | head -c 32`, /no signature by/],
    ["never stops answering", "cat /dev/zero", /it ended with signal SIGKILL/],
  ] as const) {
    test(`that ${what} ends the writer with SIGNER_FAILED`, async () => {
      const { code, message, fix } = await failureOf(command);
      assert.equal(code, "SIGNER_FAILED", message);
      assert.match(message, reason);
      assert.equal(fix, "check the signer, then open the journal again");
    });
  }

  test("leaves nothing behind that it did not seal", async () => {
    const directory = await newJournal(root);
    const broken = await openJournal(directory, { environment: { STELE_SIGNER: "exit 1" } });
    await assert.rejects(broken.append({ type: "note" }), { code: "SIGNER_FAILED" });
    await assert.rejects(broken.append({ type: "note" }), { code: "WRITER_FAILED" });
    await broken.close();
    const mended = await openJournal(directory, { environment: { STELE_SIGNER: sign } });
    assert.equal((await mended.append({ type: "note" })).seq, 0);
    await mended.close();
  });

  test("keeps its key: there is nothing to rotate", async () => {
    const directory = await newJournal(root);
    const environment = { STELE_SIGNER: sign };
    await using journal = await openJournal(directory, { environment });
    await assert.rejects(journal.rotateKey(), { code: "KEY_NOT_KEPT" });
    assert.equal((await journal.append({ type: "note" })).seq, 0);
  });
});

suite("a new journal of a command's key", () => {
  test("states the public key that was given, which the command must have", async () => {
    const environment = { STELE_SIGNER: sign };
    const directory = join(root, "made");
    const made = await createJournal(directory, { environment, publicKey });
    assert.deepEqual(made, { origin: testKey().name, publicKey, keyPath: undefined });
    await using journal = await openJournal(directory, { environment });
    assert.equal((await journal.append({ type: "note" })).seq, 0);
  });

  test("is not made without its public key, or with another", async () => {
    const environment = { STELE_SIGNER: sign };
    const other = formatVerifierKey(testKey(testKey().name, 8));
    const directory = join(root, "not-made");
    await assert.rejects(createJournal(directory, { environment }), { code: "OPTION_INVALID" });
    const making = createJournal(directory, { environment, publicKey: other });
    await assert.rejects(making, { code: "SIGNER_FAILED" });
    assert.ok(!existsSync(directory));
  });
});

suite("where a key is looked for", () => {
  test("behind STELE_SIGNER, then in STELE_KEY, then in STELE_KEY_FILE", async () => {
    const directory = await newJournal(root);
    const other = formatSigningKey(testKey("other.example", 9));
    const file = new TestKeyFile(root);
    const good = formatSigningKey(testKey());
    for (const environment of [
      { STELE_SIGNER: sign, STELE_KEY: other, STELE_KEY_FILE: "/nowhere" },
      { STELE_KEY: good, STELE_KEY_FILE: "/nowhere" },
      { STELE_SIGNER: "", STELE_KEY: "", STELE_KEY_FILE: file.path },
    ]) {
      await using journal = await openJournal(directory, { environment });
      await journal.append({ type: "note" });
    }
    const environment = { STELE_KEY: other, STELE_KEY_FILE: file.path };
    await assert.rejects(openJournal(directory, { environment }), { code: "KEY_MISMATCH" });
    assert.equal(readFileSync(file.path, "utf8").trim(), good);
  });
});
