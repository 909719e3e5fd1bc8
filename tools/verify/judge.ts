import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { openReader, SteleError } from "@stele/journal";

export const ROOT: string = join(import.meta.dirname, "../..");
export const SPEC: string = join(ROOT, "spec");
/** Where verify.py is. */
export const TOOLS = join(ROOT, "tools");
/** The command. */
export const STELE = join(ROOT, "packages/cli/bin/stele.js");

/** Python starts slowly, so one process answers many calls: a line of JSON each. */
const JUDGE_MANY = `
import contextlib, io, json, os, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify
for line in sys.stdin:
    call = json.loads(line)
    os.environ["STELE_KEY"] = call["secret"]
    if call["secret"] == "":
        del os.environ["STELE_KEY"]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = verify.main(call["args"])
        except SystemExit as end:
            status = end.code
    print(json.dumps({"status": status, "stdout": out.getvalue(), "stderr": err.getvalue()}))
`;

/** What a check is given. Paths are absolute. */
export interface Call {
  readonly journal: string;
  readonly key?: string | undefined;
  readonly checkpoint?: string | undefined;
  readonly witnesses?: readonly string[] | undefined;
  readonly policy?: string | undefined;
  readonly maxAgeMs?: number | undefined;
  readonly secretKey?: string | undefined;
}

export interface Verdict {
  readonly verdict: string;
  readonly size: number;
  readonly root: string;
  readonly firstBad: { readonly seq: number } | null;
  readonly unsealed: object;
  readonly contents: object;
  readonly signatures: object;
  readonly anchored: object | null;
  readonly unanchored: { readonly entries: number };
  readonly assurance: { readonly key: string; readonly freshness: string };
  readonly cannotRuleOut: readonly string[];
}

/** How a command ended: with an answer, or with the code of an error. */
export interface Outcome<Answer = Verdict> {
  readonly status: number;
  readonly answer?: Answer;
  readonly code?: string | undefined;
  /** What stands in front of the answer: entries that are proven. */
  readonly entries?: string;
}

/** The answers of tools/verify.py to many calls, each with its arguments and a secret. */
export function askPython<Answer>(
  calls: readonly { readonly args: readonly string[]; readonly secret?: string | undefined }[],
): readonly Outcome<Answer>[] {
  const input = calls.map(
    ({ args, secret = "" }) => `${JSON.stringify({ args: [...args, "--json"], secret })}\n`,
  );
  const { stdout, stderr } = spawnSync("python3", ["-c", JUDGE_MANY, TOOLS], {
    input: input.join(""),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  assert.equal(stderr, "");
  const lines = stdout.split("\n").slice(0, -1);
  assert.equal(lines.length, calls.length);
  return lines.map((line) => readOutcome(JSON.parse(line) as Ended));
}

export function judgeInPython(calls: readonly Call[]): readonly Outcome[] {
  return askPython(calls.map((call) => ({ args: optionsOf(call), secret: call.secretKey })));
}

function optionsOf(call: Call): string[] {
  const { journal, key, checkpoint, witnesses = [], policy, maxAgeMs } = call;
  const args = [journal, ...witnesses.flatMap((vkey) => ["--witness", vkey])];
  if (key !== undefined) args.push("--key", key);
  if (checkpoint !== undefined) args.push("--checkpoint", checkpoint);
  if (policy !== undefined) args.push("--policy", policy);
  if (maxAgeMs !== undefined) args.push("--max-age", `${maxAgeMs / 1000}s`);
  return args;
}

/** Stele's own answer, in this process. */
export async function judgeInStele(call: Call): Promise<Outcome> {
  const { journal, key, checkpoint, witnesses, maxAgeMs, secretKey } = call;
  process.env["STELE_KEY"] = secretKey ?? "";
  if (secretKey === undefined) delete process.env["STELE_KEY"];
  try {
    const reader = await openReader(journal);
    const answer = await reader.verify({
      ...(key === undefined ? {} : { key }),
      ...(checkpoint === undefined ? {} : { checkpoint: readFileSync(checkpoint) }),
      ...(witnesses === undefined ? {} : { witnesses }),
      ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    });
    return { status: answer.verdict === "intact" ? 0 : 1, answer };
  } catch (error) {
    if (!(error instanceof SteleError)) throw error;
    return { status: 2, code: error.code };
  } finally {
    delete process.env["STELE_KEY"];
  }
}

/** Runs the command; it keeps its keys below the directory that is named. */
export async function runStele(
  home: string,
  args: readonly string[],
  input = "",
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home };
  const child = spawn(process.execPath, [STELE, ...args], { env });
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    child.exitCode ?? once(child, "exit"),
  ]);
  return { status: Number(child.exitCode), stdout, stderr };
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function readOutcome<Answer>({ status, stdout, stderr }: Ended): Outcome<Answer> {
  if (status === 2) return { status, code: /\[([A-Z_]+)\]\s*$/.exec(stderr)?.[1] };
  const lines = stdout.split("\n").slice(0, -1);
  const answer = JSON.parse(lines.pop() ?? "") as Answer;
  return { status, answer, entries: lines.join("\n") };
}

/**
 * What two verifiers must agree on: all but words, and what the specification leaves open. That is
 * what stands beside the verdict on another's journal, and whether the time of an entry can be read
 * where the head cannot.
 */
export function comparable({ status, code, answer }: Outcome): object {
  if (answer === undefined) return { status, code };
  const { verdict, size, root, firstBad, unsealed, contents, signatures, anchored, unanchored } =
    answer;
  const { key, freshness } = answer.assurance;
  const isAnothers = size === 0 && (verdict === "re-created" || verdict === "re-signed");
  return {
    status,
    verdict,
    size,
    root,
    seq: firstBad?.seq,
    contents,
    signatures,
    anchored,
    key,
    freshness,
    unsealed: isAnothers ? undefined : unsealed,
    unanchored: unanchored.entries,
  };
}

/** Whole numbers below a limit, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** The bytes with another one at one place, or cut off there, or with one less or more. */
export function mutate(bytes: Buffer, random: (limit: number) => number): Buffer {
  const at = random(bytes.length);
  const other = (bytes.readUInt8(at) + 1 + random(255)) % 256;
  const kinds = [
    () => Buffer.from(bytes.with(at, other)),
    () => Buffer.from(bytes.with(at, bytes.readUInt8(at) ^ (1 << random(7)))),
    () => bytes.subarray(0, at),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
    () => Buffer.concat([bytes.subarray(0, at), Buffer.of(other), bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at), Buffer.alloc(bytes.length - at)]),
  ];
  return kinds[random(kinds.length)]?.() ?? bytes;
}
