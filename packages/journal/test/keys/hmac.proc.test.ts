import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { suite, test } from "node:test";
import { formatSigningKey, formatVerifierKey, signingKey } from "@stele/core/key";
import { createJournal, openJournal, openReader, SteleError } from "@stele/journal";
import { Child } from "../support/child.ts";
import { primitives, testKey } from "../support/key.ts";
import { scratch } from "../support/scratch.ts";

// Journals that are sealed with a secret instead of a key pair.

const root = scratch("hmac");
const { name } = testKey();
const key = signingKey(primitives, name, new Uint8Array(32).fill(0xa5), "hmac-sha256");
const secret = formatSigningKey(key);
const environment = { STELE_KEY: secret };
const publicKey = formatVerifierKey(key);

/** The spellings in which the secret's bytes could get out. */
const spellings = [
  secret.split("+").at(-1)!.slice(30),
  Buffer.from(key.seed).toString("base64"),
  Buffer.from(key.seed).toString("hex"),
  key.seed.join(),
];

function assertNoSecret(text: string): void {
  for (const spelling of spellings) assert.ok(!text.includes(spelling), text);
}

async function make(what: string): Promise<string> {
  const directory = join(root, what);
  await createJournal(directory, { environment, segmentBytes: 1024 });
  await using journal = await openJournal(directory, { environment });
  for (let index = 0; index < 6; index++)
    await journal.append({ type: "note", data: "x".repeat(200) });
  return directory;
}

suite("a journal that is sealed with a secret", () => {
  test("is opened, gone on with and verified by who has it", async () => {
    const directory = await make("plain");
    await using journal = await openJournal(directory, { environment });
    assert.equal((await journal.append({ type: "note" })).seq, 6);
    assert.equal(journal.publicKey, publicKey);
    for (const pinned of [undefined, publicKey]) {
      const { verdict, firstBad } = await journal.verify({ key: pinned, environment });
      assert.equal(verdict, "intact", firstBad?.reason);
    }
    const inThreads = await journal.verify({ key: publicKey, environment, threads: 2 });
    assert.equal(inThreads.verdict, "intact");
  });

  test("is read by anybody, and judged by nobody without the secret", async () => {
    const directory = await make("reading");
    const reader = await openReader(directory);
    assert.equal((await Array.fromAsync(reader.read())).length, 6);
    const nowhere = { STELE_KEY_FILE: join(root, "nowhere") };
    await assert.rejects(reader.verify({ environment: nowhere }), { code: "KEY_MISSING" });
    await assert.rejects(openJournal(directory, { environment: nowhere }), { code: "KEY_MISSING" });
    const other = formatSigningKey(signingKey(primitives, name, new Uint8Array(32), "hmac-sha256"));
    const wrong = { STELE_KEY: other };
    await assert.rejects(reader.verify({ environment: wrong }), { code: "KEY_MISMATCH" });
    await assert.rejects(openJournal(directory, { environment: wrong }), { code: "KEY_MISMATCH" });
    const pair = { STELE_KEY: formatSigningKey(testKey()) };
    await assert.rejects(reader.verify({ environment: pair }), { code: "KEY_MISMATCH" });
  });

  // Else its key, without the secret, would verify nothing, and every seal would look forged.
  test("has nothing to do with a command that signs for other journals", async () => {
    const directory = await make("command");
    const both = { ...environment, STELE_SIGNER: "exit 1" };
    await using journal = await openJournal(directory, { environment: both });
    assert.equal((await journal.append({ type: "note" })).seq, 6);
    assert.equal((await journal.verify({ environment: both })).verdict, "intact");
  });

  test("shows what was changed, by others and with other secrets", async () => {
    const directory = await make("changed");
    const [, second] = readdirSync(join(directory, "ledger")).toSorted();
    const path = join(directory, "ledger", second!);
    const text = readFileSync(path, "utf8");
    const reader = await openReader(directory);
    for (const [changed, expected] of [
      [text.replace("xxx", "xyx"), "tampered"],
      [text.replace(/(— \S+ ).{4}/, "$1AAAA"), "re-signed"],
      [text.replace(/.{6}(?=\\n"\}\n$)/, "AAAAAA"), "tampered"],
    ] as const) {
      assert.notEqual(changed, text);
      writeFileSync(path, changed);
      const { verdict, size } = await reader.verify({ environment });
      assert.deepEqual([verdict, size >= 2], [expected, true]);
    }
  });

  test("is no different after a crash", async () => {
    const directory = await make("crash");
    const last = readdirSync(join(directory, "ledger")).toSorted().at(-1)!;
    const path = join(directory, "ledger", last);
    writeFileSync(path, `${readFileSync(path, "utf8")}{"seq":6,"prev":"`);
    rmSync(join(directory, "head"));
    await using journal = await openJournal(directory, { environment });
    assert.equal((await journal.get(6)).event.type, "stele.recovered");
    assert.equal((await journal.verify({ environment })).verdict, "intact");
  });

  test("has one key for ever", async () => {
    const directory = join(root, "for-ever");
    for (const options of [{ recoveryKeyPath: join(root, "r") }, { rotateKeyEveryMs: 60_000 }]) {
      const making = createJournal(directory, { environment, ...options });
      await assert.rejects(making, { code: "OPTION_INVALID" });
    }
    const open = await make("one-key");
    const recovering = openJournal(open, { environment, recoveryKeyPath: join(root, "r") });
    await assert.rejects(recovering, { code: "KEY_MISMATCH" });
  });
});

suite("the secret", () => {
  test("is nowhere in the journal", async () => {
    const directory = await make("nowhere-in-it");
    for (const file of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
      const path = join(directory, file);
      if (statSync(path).isFile()) assertNoSecret(readFileSync(path, "latin1"));
    }
  });

  test("is in no error", async () => {
    const directory = await make("errors");
    for (const STELE_KEY of [secret.slice(0, -1), `${secret}+`, secret.replace("PRIVATE", "x")]) {
      const opening = openJournal(directory, { environment: { STELE_KEY } });
      await assert.rejects(opening, (error) => {
        assert.ok(error instanceof SteleError);
        assertNoSecret(inspect(error, { depth: 9, showHidden: true }));
        return true;
      });
    }
    const path = join(directory, "ledger", "00000000000000000000.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace("xxx", "xyx"));
    const reader = await openReader(directory);
    assertNoSecret(inspect(await reader.verify({ environment }), { depth: 9 }));
  });

  test("is not printed by a process that uses it and dies", async () => {
    const directory = await make("printed");
    writeFileSync(join(directory, "head"), "x");
    const env = { ...environment };
    const child = new Child("writer-process.ts", [directory, "1"], { env });
    await child.wrote("open");
    const { lines, errors } = await child.kill();
    assertNoSecret(lines.join("\n") + errors);
  });
});
