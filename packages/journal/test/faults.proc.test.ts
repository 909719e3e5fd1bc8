import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { createJournal } from "@stele/journal";
import { SeededRandom } from "@stele/store/testing";
import { Child, type Ended } from "./support/child.ts";
import { environment } from "./support/key.ts";
import { openWhenFree, scratch } from "./support/scratch.ts";
import { callsIn, hasStrace, injecting, tracing, type SystemCall } from "./support/strace.ts";

// A scripted life of a journal, once for each file-system call that it makes: the call fails with
// EIO, with ENOSPC, or the process is killed there. STELE_FAULTS=all tries all of them; otherwise
// as many as fit into the budget.

const FAULTS = ["EIO", "ENOSPC", "SIGKILL"] as const;
const BUDGET_MS = process.env["STELE_FAULTS"] === "all" ? Infinity : 10_000;
const AT_ONCE = 2;
/** `when=` of strace counts for each thread: with one thread in the pool its calls have an order. */
const ENV = { UV_THREADPOOL_SIZE: "1" };

interface Fault {
  readonly call: SystemCall;
  readonly fault: (typeof FAULTS)[number];
}

const root = scratch("faults");
const skip = !hasStrace && process.env["CI"] !== "true" && "strace is missing";

test("any file-system call may fail or be the last one", { skip }, async (t) => {
  const calls = await tracedCalls();
  const faults = shuffled(calls.flatMap((call) => FAULTS.map((fault) => ({ call, fault }))));
  const endMs = performance.now() + BUDGET_MS;
  const failures: string[] = [];
  let tried = 0;
  const work = async (): Promise<void> => {
    while (tried < faults.length && performance.now() < endMs) {
      const number = tried++;
      const failure = await tryFault(faults[number]!, join(root, String(number)));
      if (failure !== undefined) failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  t.diagnostic(`${tried} of ${faults.length} faults (${calls.length} calls)`);
  assert.ok(failures.length === 0, `${failures.length} failures\n${failures.join("\n\n")}`);
});

/** The calls of a run in which nothing fails, with paths relative to the journal's directory. */
async function tracedCalls(): Promise<readonly SystemCall[]> {
  const plain = join(root, "plain");
  assertLived(await new Child("scripted-process.ts", [plain]).ended());
  const names = ["", ...readdirSync(plain, { recursive: true, encoding: "utf8" }), "lock"];
  const traced = join(root, "traced");
  const paths = names.map((name) => join(traced, name));
  const wrapper = tracing(`${traced}.log`, [...paths, ...paths.map((path) => `${path}.tmp`)]);
  assertLived(await new Child("scripted-process.ts", [traced], { wrapper, env: ENV }).ended());
  const calls = callsIn(`${traced}.log`, traced);
  assert.ok(calls.length > 100, `${calls.length} calls`);
  return calls.map((call) => ({ ...call, path: call.path.slice(traced.length) }));
}

function assertLived({ lines, errors }: Ended): void {
  assert.equal(lines.at(-1), "done", `${lines.join("\n")}\n${errors}`);
}

/** The story of what went wrong, if something did. */
async function tryFault({ call, fault }: Fault, place: string): Promise<string | undefined> {
  mkdirSync(place);
  const directory = join(place, "journal");
  const path = directory + call.path;
  const wrapper = injecting(join(place, "log"), { ...call, path }, fault);
  const child = new Child("scripted-process.ts", [directory], { wrapper, env: ENV });
  const { lines, errors } = await child.ended();
  const name = `${fault} at ${call.name} ${call.path} number ${call.ordinal}`;
  try {
    assert.equal(errors, "");
    assert.match(readFileSync(join(place, "log"), "utf8"), /\(INJECTED\)|killed by SIGKILL/);
    assert.ok(!lines.some((line) => line.startsWith("uncoded")), "an error without a code");
    if (fault !== "SIGKILL") assert.match(lines.at(-1) ?? "", /^(done$|error [A-Z_]+ )/);
    await checkAftermath(directory, lines);
    return undefined;
  } catch (error) {
    return `${name}\n${lines.join("\n")}\n${errors}\n${inspect(error)}`;
  }
}

/** What was acknowledged is there and the journal goes on; where there is none yet, it can be made. */
async function checkAftermath(directory: string, lines: readonly string[]): Promise<void> {
  if (!existsSync(join(directory, "stele.json"))) {
    assert.ok(!lines.includes("created"));
    await createJournal(directory, { environment });
  }
  await using journal = await openWhenFree(directory);
  const entries = await Array.fromAsync(journal.read());
  const receipts = lines
    .filter((line) => line.startsWith("receipt "))
    .map((line) => line.split(" "));
  for (const [, seq, hash] of receipts) assert.equal(entries[Number(seq)]?.hash, hash);
  assert.equal((await journal.append({ type: "test.after" })).seq, entries.length);
  const { verdict, firstBad, unsealed } = await journal.verify();
  assert.equal(verdict, "intact", firstBad?.reason);
  assert.deepEqual(unsealed, { entries: 0, bytes: 0 });
}

function shuffled(faults: readonly Fault[]): readonly Fault[] {
  const random = new SeededRandom(1);
  const keyed = faults.map((fault) => ({ fault, key: random.below(2 ** 32) }));
  return keyed.toSorted((left, right) => left.key - right.key).map(({ fault }) => fault);
}
