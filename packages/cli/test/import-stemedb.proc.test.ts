import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { checkOrigin, stemedb } from "@stele/import";
import { createJournal, openReader } from "@stele/journal";
import { nodeEd25519, nodeHasher } from "@stele/store/node";
import { openOrigin } from "../src/origin-file.ts";

const VECTORS = join(import.meta.dirname, "../../../spec/vectors/stemedb");
const STELE = join(import.meta.dirname, "../bin/stele.js");

interface Printed {
  readonly verdict: string;
  readonly entries: number;
  readonly recognised?: string;
  readonly findings: readonly { readonly code: string; readonly segment?: unknown }[];
  readonly added?: number;
}

function stele(cwd: string, ...cli: readonly string[]): { status: number | null; stdout: string } {
  const { PATH, HOME } = process.env;
  return spawnSync(process.execPath, [STELE, ...cli], {
    cwd,
    env: { PATH, HOME },
    encoding: "utf8",
  });
}

function printed(cwd: string, status: number, ...cli: readonly string[]): Printed {
  const run = stele(cwd, ...cli);
  assert.equal(run.status, status, JSON.stringify(run));
  return JSON.parse(run.stdout) as Printed;
}

async function inDirectory(work: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "stele-stemedb-"));
  try {
    await work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The records of the vector that has all. */
function records(): readonly Buffer[] {
  const all = readFileSync(join(VECTORS, "payload.wal"));
  const found: Buffer[] = [];
  for (let at = 0; at < all.length; at += found.at(-1)!.length) {
    found.push(all.subarray(at, at + 40 + all.readUInt32LE(at)));
  }
  return found;
}

suite("stele import stemedb", () => {
  test("salvages the records behind bad bytes with --accept-broken, marked as such", () =>
    inDirectory(async (directory) => {
      await createJournal(join(directory, "journal"), { origin: "acme.example/x" });
      const file = join(VECTORS, "corrupt-middle.wal");
      const refused = printed(directory, 1, "import", "stemedb", file, "--into", "journal");
      assert.deepEqual([refused.verdict, refused.added], ["broken", undefined]);
      const options = ["--into", "journal", "--accept-broken"];
      assert.equal(printed(directory, 1, "import", "stemedb", file, ...options).added, 8);
      assert.equal(printed(directory, 1, "import", "stemedb", file, ...options).added, 0);

      const reader = await openReader(join(directory, "journal"));
      const entries = await Array.fromAsync(reader.read());
      const origins = entries.slice(0, 8).map(({ event }) => {
        const { origin } = event.data as { origin: { offsetBytes: number; problem: string } };
        return [origin.offsetBytes, origin.problem];
      });
      assert.deepEqual(origins[3], [184, null]);
      assert.deepEqual(origins[4], [393, "behind bad bytes: 288 to 393"]);
      assert.deepEqual(origins[7], [3585, "behind bad bytes: 288 to 393"]);
      const { type, data } = entries[8]!.event;
      const { verdict, findings } = data as { verdict: string; findings: unknown[] };
      assert.deepEqual([type, verdict, findings.length], ["stele.imported", "broken", 1]);
    }));

  test("reads a directory of segments, and names the one that is torn", () =>
    inDirectory((directory) => {
      const good = printed(directory, 0, "import", "auto", join(VECTORS, "segments"), "--check");
      assert.match(good.recognised!, /BLAKE3/);
      const torn = printed(
        directory,
        1,
        "import",
        "stemedb",
        join(VECTORS, "segment-torn"),
        "--check",
      );
      assert.equal(torn.findings[0]!.code, "segment-torn");
      const name = "wal-00000000000000000184.log";
      assert.deepEqual(torn.findings[0]!.segment, { name, offsetBytes: 209 });
    }));

  test("does not take a directory without files for an empty log", () =>
    inDirectory(async (directory) => {
      await assert.rejects(openOrigin(directory), { code: "DISK_NOT_FOUND", message: /no files/ });
    }));

  test("takes a query audit over as a query", () =>
    inDirectory(async (directory) => {
      await createJournal(join(directory, "journal"), { origin: "acme.example/x" });
      const file = join(VECTORS, "query-audit.wal");
      printed(directory, 0, "import", "auto", file, "--into", "journal");
      const { event } = await (await openReader(join(directory, "journal"))).get(0);
      assert.equal(event.type, "query");
      assert.equal((event.data as { queryId: string }).queryId, "q-7");
    }));

  test("the journal notices what the original does not: swapped, taken out, repeated", () =>
    inDirectory(async (directory) => {
      const all = records();
      const [a, b, ...others] = all as [Buffer, Buffer, ...Buffer[]];
      const file = join(directory, "changed.wal");
      for (const changed of [
        [b, a, ...others],
        [a, ...others],
        [a, b, b, ...others],
      ]) {
        writeFileSync(file, Buffer.concat(changed));
        const { verdict } = await checkOrigin(stemedb, (await openOrigin(file)).chunks(), {
          primitives: { ...nodeHasher, ...nodeEd25519 },
        });
        assert.equal(verdict, "intact");
      }

      const journal = join(directory, "journal");
      await createJournal(journal, { origin: "acme.example/x" });
      writeFileSync(file, Buffer.concat(all));
      printed(directory, 0, "import", "stemedb", file, "--into", "journal");
      const lines = readFileSync(join(journal, LEDGER), "utf8").split("\n");
      const [header, first, second, ...rest] = lines as [string, string, string, ...string[]];
      for (const changed of [
        [header, second, first, ...rest],
        [header, second, ...rest],
        [header, first, first, second, ...rest],
      ]) {
        writeFileSync(join(journal, LEDGER), changed.join("\n"));
        assert.equal((await (await openReader(journal)).verify()).verdict, "tampered");
      }
    }));
});

const LEDGER = "ledger/00000000000000000000.jsonl";
