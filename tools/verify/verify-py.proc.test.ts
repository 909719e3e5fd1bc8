import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";

// tools/verify.py shares no code with Stele. Here it judges every whole journal of spec/, and with
// one byte of a journal changed it and `stele verify` say the same.

const ROOT = join(import.meta.dirname, "../..");
const SPEC = join(ROOT, "spec");
const SCRIPT = join(ROOT, "tools/verify.py");
const STELE = join(ROOT, "packages/cli/bin/stele.js");

const SEED = 40;
const MUTATIONS = 200;
/** Stele judges one mutation in so many: each costs the start of a process. */
const STELE_JUDGES_EVERY = 8;

/** Python starts slowly, so one process judges many journals: arguments in; answer and status out. */
const JUDGE_MANY = `
import contextlib, json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify
for line in sys.stdin:
    with contextlib.redirect_stderr(sys.stdout):
        print(verify.main(json.loads(line)))
`;

/** What vectors state of a verdict, each where its case decides it. */
const STATED = ["verdict", "size", "root", "firstBad", "unsealed", "contents"] as const;

interface Verdict {
  readonly verdict: string;
  readonly size: number;
  readonly root: string;
  readonly firstBad: { readonly seq: number } | null;
}

/** How a command ended: with a verdict, or with the code of an error. */
interface Outcome {
  readonly status: number;
  readonly verdict?: Verdict;
  readonly code?: string | undefined;
}

/** A journal, the evidence beside it, and what must be found. */
interface Case extends Partial<Record<(typeof STATED)[number], unknown>> {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly checkpoint?: string;
  readonly error?: string;
}

interface SegmentVector extends Omit<Case, "files"> {
  readonly lines: readonly string[];
}

interface SegmentVectors {
  readonly origin: string;
  readonly vkey: string;
  readonly accepted: readonly SegmentVector[];
  readonly refused: readonly SegmentVector[];
}

const hasPython = spawnSync("python3", ["--version"], { stdio: "ignore" }).error === undefined;
const directory = mkdtempSync(join(tmpdir(), "stele-verify-py-"));
after(() => rmSync(directory, { recursive: true }));

test("python3 is installed", { skip: !hasPython && process.env["CI"] !== "true" }, () => {
  assert.ok(hasPython, "the second verifier was not tested: apt-get install python3");
});

describe("the second verifier", { skip: !hasPython && "there is no python3" }, () => {
  for (const [group, cases] of Object.entries(readJson("vectors/journals.json"))) {
    if (Array.isArray(cases)) describe(group, () => judgeCases(cases as Case[]));
  }
  describe("segments", () => judgeCases(segmentCases()));
  describe("keys that are none", () => judgeCases(keyCases()));
  describe("fixtures", judgeFixtures);
  describe("one changed byte", judgeMutations);
});

function readJson(path: string): object {
  return JSON.parse(readFileSync(join(SPEC, path), "utf8")) as object;
}

function judgeCases(cases: readonly Case[]): void {
  let outcomes: readonly Outcome[];
  before(() => {
    outcomes = judgeMany(cases.map(writeCase));
  });
  for (const [index, expected] of cases.entries()) {
    test(expected.name, () => assertOutcome(outcomes[index], expected));
  }
}

/**
 * The segments that are journals by themselves: those that begin with entry 0, and those whose
 * header is refused. No wrong line has a zero byte, so whatever is wrong at the end counts.
 */
function segmentCases(): readonly Case[] {
  const { origin, vkey, accepted, refused } = readJson("vectors/segments.json") as SegmentVectors;
  const manifest = JSON.stringify({ stele: 1, origin, publicKey: vkey });
  return [...accepted, ...refused].flatMap(({ lines, unsealed, error, ...expected }): Case[] => {
    const first = error === undefined ? 0 : 5;
    const path = `ledger/${`${first}`.padStart(20, "0")}.jsonl`;
    const files = { "stele.json": manifest, [path]: lines.map((line) => `${line}\n`).join("") };
    if (error === "JOURNAL_DAMAGED") {
      return [{ ...expected, files, verdict: "corrupt", firstBad: first }];
    }
    if (error !== undefined) return [{ ...expected, files, error }];
    if (!lines[0]?.includes('"first":0,')) return [];
    return [{ ...expected, files, unsealed: { entries: unsealed } }];
  });
}

/** A journal that is judged by each of the keys which must be refused. */
function keyCases(): readonly Case[] {
  const { intact } = readJson("vectors/journals.json") as { intact: readonly Case[] };
  const { refused } = readJson("vectors/keys.json") as {
    refused: readonly { why: string; vkey: string }[];
  };
  return refused.map(({ why, vkey }) => ({
    name: why,
    files: intact[0]?.files ?? {},
    key: vkey,
    error: "KEY_MALFORMED",
  }));
}

/** Writes the journal; the result is the arguments that have it judged. */
function writeCase({ files, key, checkpoint }: Case): string[] {
  const path = mkdtempSync(join(directory, "case-"));
  mkdirSync(join(path, "ledger"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  const args = [path];
  if (key !== undefined) args.push("--key", key);
  if (checkpoint !== undefined) {
    writeFileSync(`${path}.checkpoint`, checkpoint);
    args.push("--checkpoint", `${path}.checkpoint`);
  }
  return args;
}

function judgeMany(calls: readonly (readonly string[])[]): readonly Outcome[] {
  const input = calls.map((call) => `${JSON.stringify([...call, "--json"])}\n`).join("");
  const { stdout, stderr } = spawnSync("python3", ["-c", JUDGE_MANY, dirname(SCRIPT)], {
    input,
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  const lines = stdout.split("\n");
  return calls.map((_, index) => readOutcome(lines[2 * index] ?? "", Number(lines[2 * index + 1])));
}

function judge(command: string, args: readonly string[]): Outcome {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: "utf8" });
  return readOutcome(status === 2 ? stderr : stdout, Number(status));
}

function readOutcome(said: string, status: number): Outcome {
  if (status === 2) return { status, code: /\[([A-Z_]+)\]\s*$/.exec(said)?.[1] };
  return { status, verdict: JSON.parse(said) as Verdict };
}

function assertOutcome(outcome: Outcome | undefined, expected: Case): void {
  assert.equal(outcome?.code, expected.error);
  if (outcome?.verdict === undefined) return;
  const { status, verdict } = outcome;
  assert.equal(status, verdict.verdict === "intact" ? 0 : 1);
  const found = { ...verdict, firstBad: verdict.firstBad?.seq ?? null };
  const stated = STATED.filter((member) => expected[member] !== undefined);
  assert.partialDeepStrictEqual(
    found,
    Object.fromEntries(stated.map((member) => [member, expected[member]])),
  );
}

function judgeFixtures(): void {
  test("format-1, by its key and beside its checkpoint", () => {
    const { publicKey, checkpoint, size, root, contents } = readJson(
      "fixtures/format-1/expected.json",
    ) as Record<"publicKey" | "checkpoint" | "size" | "root", string> & { contents: unknown[] };
    const evidence = join(directory, "format-1.checkpoint");
    writeFileSync(evidence, checkpoint);
    const journal = join(SPEC, "fixtures/format-1/journal");
    const options = ["--key", publicKey, "--checkpoint", evidence, "--json"];
    const { status, verdict } = judge("python3", [SCRIPT, journal, ...options]);
    assert.equal(status, 0);
    assert.partialDeepStrictEqual(verdict, {
      verdict: "intact",
      size,
      root,
      contents: { checked: contents.length, absent: 0 },
      assurance: { key: "pinned", freshness: "checkpoint" },
    });
  });

  test("ref-40, in words", () => {
    const { stdout, status } = spawnSync("python3", [SCRIPT, join(SPEC, "fixtures/ref-40")], {
      encoding: "utf8",
    });
    assert.equal(status, 0);
    assert.match(stdout, /^intact: /);
    assert.match(stdout, / 40 entries, root gniWQS1BYhe6cWQBWXAG\/uLK3fQxi2Y1IVCDDHD5THg=\.\n/);
  });
}

/** Each journal is ref-40 with another byte at one place of its ledger. */
function judgeMutations(): void {
  const fixture = join(SPEC, "fixtures/ref-40");
  const segment = "ledger/00000000000000000000.jsonl";
  const bytes = readFileSync(join(fixture, segment));
  const random = seededRandom(SEED);
  const mutations = Array.from({ length: MUTATIONS }, () => {
    const at = random(bytes.length);
    const value = (bytes.readUInt8(at) + 1 + random(255)) % 256;
    return { at, value, path: join(directory, `byte-${at}-is-${value}`) };
  });
  let outcomes: readonly Outcome[];

  before(() => {
    for (const { at, value, path } of mutations) {
      cpSync(fixture, path, { recursive: true });
      writeFileSync(join(path, segment), bytes.with(at, value));
    }
    outcomes = judgeMany(mutations.map(({ path }) => [path]));
  });

  test("none is what was sealed", () => {
    const sizes = outcomes.map(({ verdict }) => verdict?.size ?? 0);
    assert.equal(
      sizes.findIndex((size) => size >= 40),
      -1,
    );
  });

  for (const [index, { at, value, path }] of mutations.entries()) {
    if (index % STELE_JUDGES_EVERY !== 0) continue;
    test(`Stele agrees when byte ${at} is ${value}`, () => {
      const stele = judge(process.execPath, [STELE, "verify", path, "--json"]);
      assert.deepEqual(comparable(outcomes[index]), comparable(stele));
    });
  }
}

/** Without what is in words, which each verifier chooses for itself. */
function comparable(outcome: Outcome | undefined): object {
  const { status, code, verdict } = outcome ?? {};
  const { verdict: word, size, root, firstBad } = verdict ?? {};
  return { status, code, word, size, root, seq: firstBad?.seq };
}

/** Whole numbers below a limit, the same for the same seed (mulberry32). */
function seededRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
