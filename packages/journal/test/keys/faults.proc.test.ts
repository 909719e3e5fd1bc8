import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { formatSigningKey, formatVerifierKey, parseSigningKey } from "@stele/core/key";
import { createJournal, openJournal, type Journal } from "@stele/journal";
import { SeededRandom } from "@stele/store/testing";
import { Child, type Ended } from "../support/child.ts";
import { isWiped } from "../support/key-file.ts";
import { environment, primitives, testKey } from "../support/key.ts";
import { scratch } from "../support/scratch.ts";
import { callsIn, hasStrace, injecting, tracing, type SystemCall } from "../support/strace.ts";

// The life of a journal whose keys follow each other, in real files, once for each file-system call
// on the keys and the ledger: the call fails, or the process is killed there. STELE_FAULTS=all
// tries all of them.

const FAULTS = ["SIGKILL", "EIO"] as const;
const BUDGET_MS = process.env["STELE_FAULTS"] === "all" ? Infinity : 8_000;
const AT_ONCE = 2;

interface Fault {
  readonly call: SystemCall;
  readonly fault: (typeof FAULTS)[number];
}

/** A directory with a journal and its key. */
interface Place {
  readonly journal: string;
  readonly key: string;
}

const root = scratch("key-faults");
const skip = !hasStrace && process.env["CI"] !== "true" && "strace is missing";
const first = formatVerifierKey(testKey());

test(
  "after any fault in a rotation the right key is there, and the old one is not",
  { skip },
  async (t) => {
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
  },
);

async function makePlace(directory: string): Promise<Place> {
  const place = { journal: join(directory, "journal"), key: join(directory, "keys", "key") };
  mkdirSync(dirname(place.key), { recursive: true });
  writeFileSync(place.key, formatSigningKey(testKey()));
  await createJournal(place.journal, { environment });
  return place;
}

function run(place: Place, wrapper: readonly string[] = []): Promise<Ended> {
  const env = { UV_THREADPOOL_SIZE: "1", STELE_KEY: "", STELE_KEY_FILE: place.key };
  return new Child("rotating-process.ts", [place.journal], { wrapper, env }).ended();
}

/** The calls of a run in which nothing fails, with paths relative to its directory. */
async function tracedCalls(): Promise<readonly SystemCall[]> {
  const directory = join(root, "traced");
  const place = await makePlace(directory);
  const segments = [0, 2, 4].map((seq) => `ledger/${String(seq).padStart(20, "0")}.jsonl`);
  const ledger = segments.flatMap((name) => [name, `${name}.tmp`]);
  const paths = [
    place.key,
    `${place.key}.next`,
    dirname(place.key),
    ...["head", "ledger", ...ledger].map((name) => join(place.journal, name)),
  ];
  const { lines, errors } = await run(place, tracing(`${directory}.log`, paths));
  assert.equal(lines.at(-1), "done", `${lines.join("\n")}\n${errors}`);
  const calls = callsIn(`${directory}.log`, directory);
  assert.ok(calls.length > 60, `${calls.length} calls`);
  return calls.map((call) => ({ ...call, path: call.path.slice(directory.length) }));
}

/** The story of what went wrong, if something did. */
async function tryFault({ call, fault }: Fault, directory: string): Promise<string | undefined> {
  const place = await makePlace(directory);
  const path = directory + call.path;
  const wrapper = injecting(join(directory, "log"), { ...call, path }, fault);
  const { lines, errors } = await run(place, wrapper);
  try {
    assert.equal(errors, "");
    assert.match(readFileSync(join(directory, "log"), "utf8"), /\(INJECTED\)|killed by SIGKILL/);
    assert.ok(!lines.some((line) => line.startsWith("uncoded")), "an error without a code");
    await checkAftermath(place, lines);
    return undefined;
  } catch (error) {
    const name = `${fault} at ${call.name} ${call.path} number ${call.ordinal}`;
    return `${name}\n${lines.join("\n")}\n${errors}\n${inspect(error)}`;
  }
}

async function checkAftermath(place: Place, lines: readonly string[]): Promise<void> {
  await using journal = await openJournal(place.journal, {
    environment: { STELE_KEY_FILE: place.key },
  });
  const entries = await Array.fromAsync(journal.read());
  const receipts = lines
    .filter((line) => line.startsWith("receipt "))
    .map((line) => line.split(" "));
  for (const [, seq, hash] of receipts) assert.equal(entries[Number(seq)]?.hash, hash);
  const rotations = (await journal.keys()).length - 1;
  assert.ok(rotations >= lines.filter((line) => line === "rotated").length);
  await checkKeys(place, journal);
  await journal.rotateKey();
  await checkKeys(place, journal);
  assert.equal((await journal.append({ type: "test.after" })).seq, entries.length + 1);
  const { verdict, firstBad } = await journal.verify({ key: first });
  assert.equal(verdict, "intact", firstBad?.reason);
}

/** The present key is in the file, and of those that it followed nothing is left. */
async function checkKeys(place: Place, journal: Journal): Promise<void> {
  const epochs = await journal.keys();
  const key = parseSigningKey(primitives, readFileSync(place.key, "utf8").trim());
  assert.equal(formatVerifierKey(key), epochs.at(-1)!.publicKey);
  for (const epoch of [0, 1]) {
    const old = `${place.key}.old-${epoch}`;
    if (existsSync(old)) assert.equal(isWiped(old), epochs.length > epoch + 1, old);
  }
  const waiting = `${place.key}.next`;
  if (!existsSync(waiting)) return;
  for (const { publicKey } of epochs) {
    assert.ok(!readFileSync(waiting, "utf8").includes(publicKey.split("+")[1]!));
  }
}

function shuffled(faults: readonly Fault[]): readonly Fault[] {
  const random = new SeededRandom(1);
  const keyed = faults.map((fault) => ({ fault, key: random.below(2 ** 32) }));
  return keyed.toSorted((left, right) => left.key - right.key).map(({ fault }) => fault);
}
