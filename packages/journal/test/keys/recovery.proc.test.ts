import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { formatSigningKey, formatVerifierKey, parseSigningKey } from "@stele/core/key";
import { createJournal, openJournal, openReader, type Journal } from "@stele/journal";
import { Child } from "../support/child.ts";
import { TestKeyFile } from "../support/key-file.ts";
import { environment, primitives, testKey } from "../support/key.ts";
import { scratch } from "../support/scratch.ts";

const root = scratch("recovery-key");
const pinned = formatVerifierKey(testKey());
let count = 0;

/** A journal with a recovery key, whose key is in a file of its own. */
class Recoverable {
  readonly place: string = join(root, String(count++));
  readonly directory: string = join(this.place, "journal");
  readonly recoveryKeyPath: string = join(this.place, "elsewhere", "recovery.key");
  readonly file: TestKeyFile = new TestKeyFile(root);

  static async make(): Promise<Recoverable> {
    const made = new Recoverable();
    const { directory, recoveryKeyPath } = made;
    await createJournal(directory, { environment, recoveryKeyPath });
    return made;
  }

  open(): Promise<Journal> {
    return openJournal(this.directory, { environment: this.file.environment });
  }

  /** Opens it with the recovery key: the present one is lost. */
  recover(recoveryKeyPath: string = this.recoveryKeyPath): Promise<Journal> {
    const { environment: own } = this.file;
    return openJournal(this.directory, { environment: own, recoveryKeyPath });
  }
}

async function assertIntact(directory: string, size: number): Promise<void> {
  const verdict = await (await openReader(directory)).verify({ key: pinned });
  assert.deepEqual([verdict.verdict, verdict.size], ["intact", size], verdict.firstBad?.reason);
}

async function reasons(journal: Journal): Promise<readonly (string | null)[]> {
  return (await journal.keys()).map(({ reason }) => reason);
}

suite("a journal with a recovery key", () => {
  test("names it in entry 0, and has it nowhere", async () => {
    const { directory, recoveryKeyPath } = await Recoverable.make();
    const text = readFileSync(recoveryKeyPath, "utf8");
    assert.equal(statSync(recoveryKeyPath).mode & 0o777, 0o600);
    const publicKey = formatVerifierKey(parseSigningKey(primitives, text.trim()));
    const { event } = await (await openReader(directory)).get(0);
    assert.deepEqual(event, { type: "stele.recovery-key", data: { publicKey } });
    await assertIntact(directory, 1);
    const seed = text.trim().split("+").at(-1)!;
    for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
      const path = join(directory, name);
      if (statSync(path).isFile()) assert.ok(!readFileSync(path, "utf8").includes(seed));
    }
  });

  test("goes on when its key is gone", async () => {
    const made = await Recoverable.make();
    const first = await made.open();
    await first.append({ type: "note" });
    await first.close();
    rmSync(made.file.path);
    await assert.rejects(made.open(), { code: "KEY_MISSING" });
    const journal = await made.recover();
    assert.deepEqual(await reasons(journal), ["lost", null]);
    assert.equal(formatVerifierKey(made.file.key), (await journal.keys())[1]!.publicKey);
    assert.equal((await journal.append({ type: "note" })).seq, 3);
    await journal.close();
    const again = await made.open();
    await again.append({ type: "note" });
    await again.close();
    await assertIntact(made.directory, 5);
  });

  test("goes on when a key is lost that had sealed nothing yet, and twice", async () => {
    const made = await Recoverable.make();
    const first = await made.open();
    await first.rotateKey();
    await first.close();
    for (const reason of ["rotated", "lost"]) {
      rmSync(made.file.path);
      const journal = await made.recover();
      assert.deepEqual((await reasons(journal)).slice(-3), [reason, "lost", null]);
      await journal.close();
    }
    await assertIntact(made.directory, 4);
  });

  test("is taken back from who put a key of theirs in its place", async () => {
    const made = await Recoverable.make();
    const thief = await made.open();
    const next = testKey(testKey().name, 66);
    const sign = (message: Uint8Array): Uint8Array => primitives.sign(next.seed, message);
    await thief.rotateKey({ next: { key: next, sign } });
    await thief.close();
    await assert.rejects(made.open(), { code: "KEY_MISSING" });
    const journal = await made.recover();
    await journal.append({ type: "note" });
    assert.deepEqual(await reasons(journal), ["rotated", "lost", null]);
    await journal.close();
    await assertIntact(made.directory, 4);
    const environmentOfThief = { STELE_KEY: formatSigningKey(next) };
    const opening = openJournal(made.directory, { environment: environmentOfThief });
    await assert.rejects(opening, { code: "KEY_MISMATCH" });
  });

  test("that crashed with a torn tail says first that the key is lost, then what was set aside", async () => {
    const made = await Recoverable.make();
    const first = await made.open();
    await first.append({ type: "note" });
    await first.close();
    rmSync(made.file.path);
    const path = join(made.directory, "ledger", "00000000000000000000.jsonl");
    writeFileSync(path, `${readFileSync(path, "utf8")}{"seq":2,"prev":"`);
    const journal = await made.recover();
    const types = await Array.fromAsync(journal.read(), ({ event }) => event.type);
    assert.deepEqual(types, ["stele.recovery-key", "note", "stele.key", "stele.recovered"]);
    await journal.close();
    await assertIntact(made.directory, 4);
  });

  test("keeps its key when it is not lost after all, and the recovery fails", async () => {
    const made = await Recoverable.make();
    const first = await made.open();
    await first.rotateKey();
    await first.close();
    // As a crash behind the rotation's entry leaves it: the key in force waits.
    const inForce = readFileSync(made.file.path, "utf8");
    writeFileSync(made.file.nextPath, inForce);
    writeFileSync(made.file.path, new Uint8Array(100));
    const other = join(made.place, "other.key");
    writeFileSync(other, formatSigningKey(testKey(testKey().name, 50)));
    for (const [path, code] of [
      [other, "KEY_MISMATCH"],
      [join(made.place, "none.key"), "KEY_MISSING"],
    ] as const) {
      await assert.rejects(made.recover(path), { code });
      assert.equal(readFileSync(made.file.nextPath, "utf8"), inForce);
    }
    const journal = await made.open();
    assert.equal((await journal.append({ type: "note" })).seq, 2);
    await journal.close();
  });

  // The recovery prepares its key where a rotation does: it must not begin beside a writer.
  test("is not recovered while a writer has it open", async () => {
    const made = await Recoverable.make();
    const env = { STELE_KEY: "", STELE_KEY_FILE: made.file.path };
    const writer = new Child("writer-process.ts", [made.directory, "1"], { env });
    await writer.wrote("open");
    const waiting = formatSigningKey(testKey(testKey().name, 60));
    writeFileSync(made.file.nextPath, waiting);
    await assert.rejects(made.recover(), { code: "JOURNAL_LOCKED" });
    assert.equal(readFileSync(made.file.nextPath, "utf8"), waiting);
    await writer.kill();
  });
});

suite("a journal without a recovery key", () => {
  test("has none, whatever key is given", async () => {
    const directory = join(root, "without");
    await createJournal(directory, { environment });
    const recoveryKeyPath = join(root, "some.key");
    writeFileSync(recoveryKeyPath, formatSigningKey(testKey()));
    const file = new TestKeyFile(root);
    const opening = openJournal(directory, { environment: file.environment, recoveryKeyPath });
    await assert.rejects(opening, { code: "KEY_MISMATCH", message: /names no recovery key/ });
    assert.ok(!existsSync(file.nextPath));
  });
});

suite("making a journal with a recovery key", () => {
  test("can be done again after a crash in the middle", async () => {
    const made = await Recoverable.make();
    // The manifest is written last.
    rmSync(join(made.directory, "stele.json"));
    const { directory, recoveryKeyPath } = made;
    const options = { environment, recoveryKeyPath };
    await assert.rejects(createJournal(directory, options), { code: "KEY_EXISTS" });
    rmSync(recoveryKeyPath);
    await createJournal(directory, options);
    const journal = await made.open();
    await journal.append({ type: "note" });
    await journal.close();
    await assertIntact(directory, 2);
    rmSync(join(directory, "stele.json"));
    rmSync(recoveryKeyPath);
    await assert.rejects(createJournal(directory, options), { code: "JOURNAL_NOT_A_JOURNAL" });
    assert.ok(!existsSync(recoveryKeyPath));
  });

  test("never puts it into the journal", async () => {
    const directory = join(root, "inside");
    for (const recoveryKeyPath of [
      directory,
      join(directory, "r.key"),
      `${directory}/a/../r.key`,
    ]) {
      const making = createJournal(directory, { environment, recoveryKeyPath });
      await assert.rejects(making, { code: "OPTION_INVALID", path: recoveryKeyPath });
    }
    assert.ok(!existsSync(directory));
    const beside = `${directory}.key`;
    await createJournal(directory, { environment, recoveryKeyPath: beside });
    assert.ok(existsSync(beside));
  });
});
