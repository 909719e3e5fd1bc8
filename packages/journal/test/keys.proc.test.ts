import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import { formatSigningKey, formatVerifierKey } from "@stele/core/key";
import { createJournal, openJournal, SteleError } from "@stele/journal";
import { testKey } from "./support/key.ts";
import { scratch } from "./support/scratch.ts";

// Here the private key is where a newcomer's is: in the configuration directory, which these tests
// move away.

const root = scratch("keys");
const before = process.env["XDG_CONFIG_HOME"];
let place: string;
let directory: string;
let count = 0;

beforeEach(() => {
  place = join(root, String(count++));
  directory = join(place, "my journal");
  process.env["XDG_CONFIG_HOME"] = join(place, "config");
});
afterEach(() => {
  process.env["XDG_CONFIG_HOME"] = before;
  if (before === undefined) delete process.env["XDG_CONFIG_HOME"];
});

suite("a new journal's key", () => {
  test("is kept in the configuration directory, for this user only, and nowhere in the journal", async () => {
    const { origin, publicKey, keyPath = "" } = await createJournal(directory);
    assert.match(origin, /^stele\.local\/my-journal-[0-9a-f]{8}$/);
    assert.ok(keyPath.startsWith(join(place, "config", "stele", "keys")), keyPath);
    assert.equal(statSync(keyPath).mode & 0o777, 0o600);
    assert.equal(statSync(join(keyPath, "..")).mode & 0o777, 0o700);
    const secret = readFileSync(keyPath, "utf8").trim().split("+").at(-1)!;
    for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
      const path = join(directory, name);
      if (statSync(path).isFile()) assert.ok(!readFileSync(path, "utf8").includes(secret));
    }
    await using journal = await openJournal(directory);
    assert.equal(journal.publicKey, publicKey);
    await journal.append({ type: "note" });
    assert.equal((await journal.verify({ key: publicKey })).verdict, "intact");
  });

  test("has the name that was asked for", async () => {
    const { origin } = await createJournal(directory, { origin: "acme.example/agents" });
    assert.equal(origin, "acme.example/agents");
    for (const name of ["", "a b", "a+b", 'a"b', "ä", "x".repeat(256)]) {
      const making = createJournal(join(place, "other"), { origin: name });
      await assert.rejects(making, { code: "OPTION_INVALID" });
    }
    assert.ok(!existsSync(join(place, "other")));
  });

  test("is taken back when the journal cannot be made", async () => {
    await createJournal(directory);
    const keys = readdirSync(join(place, "config", "stele", "keys"));
    await assert.rejects(createJournal(directory), { code: "JOURNAL_EXISTS" });
    assert.deepEqual(readdirSync(join(place, "config", "stele", "keys")), keys);
  });
});

suite("the key of a journal", () => {
  test("that is missing is told with the place where it should be", async () => {
    const { keyPath = "" } = await createJournal(directory);
    rmSync(keyPath);
    await assert.rejects(openJournal(directory), { code: "KEY_MISSING", path: keyPath });
  });

  test("may come from the environment, or from a file that it names", async () => {
    const key = formatSigningKey(testKey());
    await createJournal(directory, { environment: { STELE_KEY: `${key}\n` } });
    assert.ok(!existsSync(join(place, "config")));
    const file = join(place, "key");
    writeFileSync(file, key);
    for (const environment of [{ STELE_KEY: key }, { STELE_KEY_FILE: file }]) {
      await (await openJournal(directory, { environment })).close();
    }
    await assert.rejects(openJournal(directory, { environment: {} }), { code: "KEY_MISSING" });
  });

  test("that is another's is refused, and no error repeats a secret", async () => {
    await createJournal(directory);
    const other = formatSigningKey(testKey());
    const secret = other.split("+").at(-1)!;
    const wrong: Readonly<Record<string, string>> = {
      [other]: "KEY_MISMATCH",
      [`${other}x`]: "KEY_MALFORMED",
      [other.slice(0, -2)]: "KEY_MALFORMED",
      [formatVerifierKey(testKey())]: "KEY_MALFORMED",
      rubbish: "KEY_MALFORMED",
    };
    for (const [STELE_KEY, code] of Object.entries(wrong)) {
      await assert.rejects(openJournal(directory, { environment: { STELE_KEY } }), (error) => {
        assert.ok(error instanceof SteleError);
        assert.equal(error.code, code);
        assert.ok(!`${error.message} ${error.fix} ${error.stack}`.includes(secret.slice(0, 20)));
        return true;
      });
    }
  });

  test("given for a new journal of another name is refused", async () => {
    const environment = { STELE_KEY: formatSigningKey(testKey()) };
    const making = createJournal(directory, { environment, origin: "other.example" });
    await assert.rejects(making, { code: "KEY_MISMATCH" });
    assert.ok(!existsSync(directory));
  });

  test("is never replaced", async () => {
    const { keyPath = "" } = await createJournal(directory);
    const key = readFileSync(keyPath);
    await assert.rejects(createJournal(directory));
    assert.deepEqual(readFileSync(keyPath), key);
  });
});
