import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createJournal, openReader } from "@stele/journal";

const STELE = join(import.meta.dirname, "../src/main.ts");
const WRITE = join(import.meta.dirname, "../../import/test/support/origin-file-process.ts");
const NODE = ["--conditions=@stele/source", "--max-old-space-size=64", "--max-semi-space-size=8"];

/** With `STELE_IMPORT_MB=1000` every file is so large and is taken over too: many minutes. */
const MEGABYTES = process.env["STELE_IMPORT_MB"];
/** Of the whole process; more than the heap may have, so that buffers count. */
const MAX_PEAK_MB = MEGABYTES === undefined ? 200 : 400;
const KILLS = Number(process.env["STELE_KILLS"] ?? 2);

suite("a large file", () => {
  for (const [format, megabytes, ...key] of [
    ["calybris", 64],
    ["chio", 8],
    ["hoosh", 4, "--key-utf8", "k"],
    ["symbi", 2],
  ] as const) {
    test(`of ${format} is read in memory that does not grow with it`, () =>
      withDirectory(async (directory) => {
        const file = join(directory, "file");
        const sizeBytes = Number(MEGABYTES ?? megabytes) * 1_000_000;
        node(WRITE, format, String(sizeBytes), file, key.length > 0 ? "k" : "");
        const journal = join(directory, "journal");
        if (MEGABYTES !== undefined)
          await createJournal(journal, { origin: "acme.example/agents" });
        const what = MEGABYTES === undefined ? ["--check"] : ["--into", journal];
        const report = withPeak("import", format, file, "--json", ...what, ...key);
        assert.equal(report.verdict, "intact");
        if (MEGABYTES !== undefined) assert.equal(report.added, report.entries);
        assert.ok(report.peakMb < MAX_PEAK_MB, `${report.peakMb} MB`);
      }));
  }
});

test("a take-over that is killed again and again ends with every record once, in order", () =>
  withDirectory(async (directory) => {
    const file = join(directory, "file");
    node(WRITE, "calybris", "500000", file);
    const journal = join(directory, "journal");
    await createJournal(journal, { origin: "acme.example/agents" });
    const ledger = join(journal, "ledger/00000000000000000000.jsonl");
    let killedBytes = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      killedBytes += 1 + Math.floor((Math.random() * 1_000_000) / KILLS);
      await killAt(ledger, killedBytes, ["import", "calybris", file, "--into", journal]);
    }
    const last = withPeak("import", "calybris", file, "--into", journal, "--json");
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    assert.equal(last.present + last.added, lines.length);

    const reader = await openReader(journal);
    const ends: string[] = [];
    let index = 0;
    for await (const { event } of reader.read()) {
      // A kill can leave a torn end, which the journal cuts off and says so.
      if (event.type?.startsWith("stele.")) {
        ends.push(event.type);
        continue;
      }
      const { origin, value } = event.data as { origin: { index: number }; value: unknown };
      assert.equal(origin.index, index);
      assert.deepEqual(value, (JSON.parse(lines[index]!) as { data: unknown }).data);
      index++;
    }
    assert.equal(index, lines.length);
    assert.equal(ends.at(-1), "stele.imported");
    assert.equal(ends.filter((type) => type === "stele.imported").length, 1);
    assert.equal((await reader.verify()).verdict, "intact");
  }));

/** Kills the command as soon as the file is larger than that. */
async function killAt(path: string, sizeBytes: number, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [...NODE, STELE, ...args], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  while (child.exitCode === null && (await sizeOf(path)) <= sizeBytes) await delay(1);
  child.kill("SIGKILL");
  await ended;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

interface Printed {
  readonly verdict: string;
  readonly entries: number;
  readonly added: number;
  readonly present: number;
  readonly peakMb: number;
}

/** What the command printed, and the most memory that it had. */
function withPeak(...args: readonly string[]): Printed {
  const tell =
    'process.on("exit",()=>process.stderr.write("\\npeak "+process.resourceUsage().maxRSS))';
  const hook = `--import=data:text/javascript,${encodeURIComponent(tell)}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...NODE, hook, STELE, ...args], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  const peakMb = Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024;
  return { ...(JSON.parse(stdout) as Omit<Printed, "peakMb">), peakMb };
}

function node(...args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [...NODE, ...args], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "stele-import-"));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
