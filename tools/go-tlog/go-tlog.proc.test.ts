import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { createJournal, openJournal } from "@stele/journal";

const hasGo = spawnSync("go", ["version"]).status === 0;
const root = mkdtempSync(join(tmpdir(), "stele-go-"));
after(() => rmSync(root, { recursive: true, force: true }));

const ENTRIES = 70_000;

/** The site of a journal of three levels of tiles, and the key that sealed it. */
async function publishedSite(): Promise<{ readonly site: string; readonly key: string }> {
  const environment = { XDG_CONFIG_HOME: root };
  const directory = join(root, "journal");
  const site = join(root, "site");
  const { publicKey } = await createJournal(directory, { origin: "go.example/log", environment });
  await using journal = await openJournal(directory, { environment });
  const events = Array.from({ length: ENTRIES }, (_, n) => ({ type: "note", data: { n } }));
  await Promise.all(events.map((event) => journal.append(event)));
  await journal.publish(site);
  return { site, key: publicKey };
}

function build(): string {
  const binary = join(root, "check");
  // What is vendored, and the toolchain that is there: nothing is fetched.
  const env = { ...process.env, GOFLAGS: "-mod=vendor", GOPROXY: "off", GOTOOLCHAIN: "local" };
  const { status, stderr } = spawnSync("go", ["build", "-o", binary, "."], {
    cwd: import.meta.dirname,
    env,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return binary;
}

test("go is installed", { skip: !hasGo && process.env["CI"] !== "true" }, () => {
  assert.ok(hasGo, "install it with: apt-get install golang-go");
});

suite("golang.org/x/mod/sumdb, unchanged", { skip: !hasGo && "there is no go" }, () => {
  test("checks a published journal: note, tiles, bundles and proofs", async () => {
    const binary = build();
    const { site, key } = await publishedSite();
    const check = (): string => {
      const { status, stdout } = spawnSync(binary, [site, key], { encoding: "utf8" });
      return `${status} ${stdout}`;
    };
    assert.equal(check(), `0 ok: ${ENTRIES} entries of go.example/log\n`);

    const tile = join(site, "tile/0/003");
    const bytes = readFileSync(tile);
    writeFileSync(tile, bytes.with(100, bytes[100]! ^ 1));
    assert.match(check(), /^1 FAILED: /);
    writeFileSync(tile, bytes);

    const bundle = join(site, "tile/entries/007");
    writeFileSync(bundle, readFileSync(bundle).with(50, 0));
    assert.match(check(), /^1 FAILED: /);
  });
});
