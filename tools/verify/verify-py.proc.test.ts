import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  askPython,
  comparable,
  judgeInPython,
  judgeInStele,
  mutate,
  ROOT,
  seededRandom,
  SPEC,
} from "./judge.ts";
import type { Call, Outcome, Verdict } from "./judge.ts";

// tools/verify.py shares no code with Stele. Here it judges every journal and proof of spec/, and
// with bytes of a journal changed it and Stele say the same.

const SCRIPT = join(ROOT, "tools/verify.py");
const SEED = 40;
const MUTATIONS = 400;

/** What vectors state of a verdict, each where its case decides it. */
const STATED = [
  "verdict",
  "size",
  "root",
  "firstBad",
  "unsealed",
  "contents",
  "pruned",
  "anchored",
] as const;

/** What is expected of a check. */
interface Expected extends Partial<Record<(typeof STATED)[number], unknown>> {
  readonly error?: string;
  readonly freshness?: string;
  readonly cannotRuleOut?: Readonly<Record<string, number>>;
}

/** A journal as text, the evidence beside it, and what must be found. */
interface Case extends Expected, Omit<Call, "journal"> {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
}

interface SegmentVector extends Omit<Case, "files"> {
  readonly lines: readonly string[];
  readonly vkey?: string;
  readonly recoveryKey?: string;
}

interface ProofVector {
  readonly name: string;
  readonly file: string;
  readonly key: string;
  readonly witnesses?: readonly string[];
  readonly old?: string;
  readonly oldKey?: string;
  readonly outcome: "proven" | "unproven" | "malformed";
  readonly parts?: unknown;
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
  describe("attacked journals", judgeAttacks);
  describe("proofs", judgeProofs);
  test("functions that no command reaches", judgeFunctions);
  describe("fixtures", judgeFixtures);
  describe("one changed byte", judgeMutations);
});

function readJson(path: string): object {
  return JSON.parse(readFileSync(join(SPEC, path), "utf8")) as object;
}

function judgeCases(cases: readonly Case[]): void {
  let outcomes: readonly Outcome[];
  before(() => {
    outcomes = judgeInPython(cases.map(writeCase));
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
  const { origin, vkey, ...groups } = readJson("vectors/segments.json") as {
    origin: string;
    vkey: string;
    accepted: readonly SegmentVector[];
    refused: readonly SegmentVector[];
    keys: readonly SegmentVector[];
  };
  const all = [...groups.accepted, ...groups.refused, ...groups.keys];
  return all.flatMap(({ lines, unsealed, error, ...expected }): Case[] => {
    const manifest = JSON.stringify({ stele: 1, origin, publicKey: expected.vkey ?? vkey });
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

/** Writes the journal; the result is the call that has it judged. */
function writeCase({ files, key, checkpoint, witnesses, maxAgeMs, secretKey }: Case): Call {
  const journal = mkdtempSync(join(directory, "case-"));
  mkdirSync(join(journal, "ledger"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(journal, name)), { recursive: true });
    writeFileSync(join(journal, name), text);
  }
  const kept = `${journal}.checkpoint`;
  if (checkpoint !== undefined) writeFileSync(kept, checkpoint);
  const call = { journal, key, witnesses, maxAgeMs, secretKey };
  return checkpoint === undefined ? call : { ...call, checkpoint: kept };
}

function assertOutcome(outcome: Outcome | undefined, expected: Expected): void {
  assert.equal(outcome?.code, expected.error);
  if (outcome?.answer === undefined) return;
  const { status, answer } = outcome;
  assert.equal(status, answer.verdict === "intact" ? 0 : 1);
  const found = { ...answer, firstBad: answer.firstBad?.seq ?? null };
  const stated = STATED.filter((member) => expected[member] !== undefined);
  assert.partialDeepStrictEqual(
    found,
    Object.fromEntries(stated.map((member) => [member, expected[member]])),
  );
  if (expected.freshness !== undefined) {
    assert.equal(answer.assurance.freshness, expected.freshness);
  }
  if (expected.cannotRuleOut !== undefined) {
    assert.deepEqual(kindsOf(answer), expected.cannotRuleOut);
  }
}

/** spec/attacks/README.md names the kinds. The last sentence always stands there. */
const KINDS = {
  replaced: /whole journal was replaced/,
  cut: /were removed from the end/,
  rewritten: /(?:present key|check this journal) rewrote/,
  rewrittenByEarlierKey: /kept an earlier key/,
  rewrittenByRecoveryKey: /the recovery key rewrote/,
  rewrittenWithWitnesses: /together rewrote/,
  malformed: /were malformed$/,
  notTheAgents: /are not the agents'/,
};

function kindsOf({ cannotRuleOut }: Verdict): object {
  return Object.fromEntries(
    cannotRuleOut.slice(0, -1).map((sentence) => {
      const kind = Object.entries(KINDS).find(([, pattern]) => pattern.test(sentence))?.[0];
      const number = /entries (?:from|before) (\d+)/.exec(sentence)?.[1];
      return [kind ?? sentence, Number(number ?? 0)];
    }),
  );
}

interface AttackVector {
  readonly given: Omit<Call, "journal">;
  readonly expect: Expected;
}

function judgeAttacks(): void {
  const folder = join(SPEC, "attacks");
  const names = globSync("**/case.json", { cwd: folder }).map(dirname).toSorted();
  const cases = names.map((name) => readJson(`attacks/${name}/case.json`) as AttackVector);
  let outcomes: readonly Outcome[];
  before(() => {
    const calls = cases.map(({ given }, index): Call => {
      const inCase = (path = "") => join(folder, names[index] ?? "", path);
      const { checkpoint, policy } = given;
      return {
        ...given,
        journal: inCase("journal"),
        checkpoint: checkpoint === undefined ? undefined : inCase(checkpoint),
        policy: policy === undefined ? undefined : inCase(policy),
      };
    });
    outcomes = judgeInPython(calls);
  });
  for (const [index, { expect }] of cases.entries()) {
    test(names[index] ?? "", () => assertOutcome(outcomes[index], expect));
  }
}

function judgeProofs(): void {
  const groups = Object.values(readJson("vectors/proofs.json")) as unknown[];
  const cases = groups.filter((group) => Array.isArray(group)).flat() as ProofVector[];
  let outcomes: readonly Outcome<{ checkpoints?: unknown }>[];
  before(() => {
    const calls = cases.map(({ file, key, witnesses = [], old, oldKey }, index) => {
      const path = join(directory, `proof-${index}`);
      writeFileSync(path, file);
      if (old !== undefined) writeFileSync(`${path}.old`, old);
      const args = ["check", path, "--key", key];
      for (const vkey of witnesses) args.push("--witness", vkey);
      if (old !== undefined) args.push("--old", `${path}.old`);
      if (oldKey !== undefined) args.push("--old-key", oldKey);
      return { args };
    });
    outcomes = askPython(calls);
  });
  for (const [index, { name, outcome, parts }] of cases.entries()) {
    test(name, () => {
      const { status, code, answer } = outcomes[index] ?? {};
      assert.equal(["proven", "unproven", "malformed"][status ?? -1], outcome);
      assert.equal(code, outcome === "malformed" ? "PROOF_MALFORMED" : undefined);
      if (parts !== undefined) assert.deepEqual(answer?.checkpoints ?? [], withTimes(parts));
    });
  }
}

/** The command prints the time of a cosignature, the vectors have it in seconds. */
function withTimes(parts: unknown): unknown {
  return JSON.parse(JSON.stringify(parts), (name, value: unknown) => {
    if (name !== "cosignatures") return value;
    return (value as { witness: string; timestamp: number }[]).map(({ witness, timestamp }) => ({
      witness,
      time: new Date(timestamp * 1000).toISOString(),
    }));
  });
}

function judgeFunctions(): void {
  const script = join(import.meta.dirname, "vectors.py");
  const { stdout, stderr } = spawnSync("python3", [script, join(SPEC, "vectors")], {
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  const results = stdout.trim().split("\n");
  assert.ok(results.length > 300);
  assert.deepEqual(
    results.filter((line) => !line.endsWith("true]")),
    [],
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
    const [outcome] = judgeInPython([{ journal, key: publicKey, checkpoint: evidence }]);
    assert.equal(outcome?.status, 0);
    assert.partialDeepStrictEqual(outcome.answer, {
      verdict: "intact",
      size,
      root,
      contents: { checked: contents.length, absent: 0, erased: 0, unerased: 0 },
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

/** Later keys are looked for without a check, and how hard the specification does not say. */
function pinsFirst(name: string, { key }: AttackVector["given"]): boolean {
  const text = readFileSync(join(SPEC, "attacks", name, "journal/stele.json"), "utf8");
  return key === undefined || text.includes(`"publicKey":"${key}"`);
}

/** Each is one of the attacked journals, or ref-40, with one of its files changed. */
function judgeMutations(): void {
  const random = seededRandom(SEED);
  const folder = join(SPEC, "attacks");
  const names = globSync("**/case.json", { cwd: folder }).map(dirname).toSorted();
  const calls: Call[] = [];
  let outcomes: readonly Outcome[];

  before(() => {
    for (let index = 0; index < MUTATIONS; index += 1) {
      const name = names[random(names.length)] ?? "";
      const { given } = readJson(`attacks/${name}/case.json`) as AttackVector;
      const isFixture = index % 4 === 0 || given.policy !== undefined || !pinsFirst(name, given);
      const from = isFixture ? join(SPEC, "fixtures/ref-40") : join(folder, name, "journal");
      const journal = join(directory, `mutated-${index}`);
      cpSync(from, journal, { recursive: true });
      const found = globSync("{ledger,content,tile}/**/[0-9]*", { cwd: journal });
      const files = found.filter((file) => statSync(join(journal, file)).isFile());
      files.push(...globSync("{head,checkpoint,pruned.jsonl}", { cwd: journal }));
      const path = join(journal, files.toSorted()[random(files.length)] ?? "");
      const bytes = readFileSync(path);
      if (bytes.length > 0) writeFileSync(path, mutate(bytes, random));
      const { checkpoint } = given;
      const kept = checkpoint === undefined ? undefined : join(folder, name, checkpoint);
      calls.push(isFixture ? { journal } : { ...given, journal, checkpoint: kept });
    }
    outcomes = judgeInPython(calls);
  });

  test("Stele says the same", async () => {
    for (const [index, call] of calls.entries()) {
      const stele = await judgeInStele(call);
      const python = outcomes[index];
      assert.ok(python !== undefined);
      assert.deepEqual(comparable(python), comparable(stele), call.journal);
    }
  });

  test("ref-40 is never what was sealed", () => {
    const fixtures = outcomes.filter((_, index) => index % 4 === 0);
    assert.ok(fixtures.every(({ answer }) => (answer?.size ?? 0) < 40));
  });
}
