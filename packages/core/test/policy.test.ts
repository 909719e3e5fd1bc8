import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { formatVerifierKey, signingKey, type VerifierKey } from "@stele/core/key";
import { isQuorum, MAX_POLICY_LENGTH, parsePolicy } from "@stele/core/policy";
import { primitives } from "./vectors/primitives.ts";
import { readVectors, refusal, refuses } from "./vectors/read.ts";

const vectors = readVectors("c2sp/tlog-policy.json") as {
  readonly valid: readonly string[];
  readonly invalid: readonly (readonly [text: string, why: string])[];
};

function witness(number: number): VerifierKey {
  const seed = new Uint8Array(32).fill(number);
  return signingKey(primitives, `w${number}.example`, seed, "cosignature");
}

function log(number: number, name = "log.example"): VerifierKey {
  return signingKey(primitives, name, new Uint8Array(32).fill(100 + number));
}

/** The policy's text with keys in the place of its placeholders. */
function withKeys(text: string): string {
  return text
    .replaceAll(/<W(\d)>/g, (_, digit: string) => formatVerifierKey(witness(Number(digit))))
    .replaceAll("<L>", formatVerifierKey(log(1)))
    .replaceAll("<ED25519-0x01>", formatVerifierKey(log(2)));
}

function parse(text: string): ReturnType<typeof parsePolicy> {
  return parsePolicy(primitives, withKeys(text));
}

function refused(text: string, why: string): void {
  refuses("POLICY_MALFORMED", () => parse(text), why);
}

/** Which of the sets of witnesses satisfy the policy. */
function satisfying(text: string, sets: readonly (readonly number[])[]): readonly string[] {
  const policy = parse(text);
  return sets.filter((set) => isQuorum(policy, set.map(witness))).map((set) => set.join(" "));
}

suite("tlog-policy.json", () => {
  test("valid policies are read", () => {
    const [none, one, logs, names, groups] = vectors.valid.map(parse);
    assert.deepEqual(none, { logs: [], witnesses: [], groups: [], quorum: undefined });
    const url = "https://w1.example.com/";
    assert.deepEqual(one!.witnesses, [{ name: "w1", key: parsedWitness(1), url }]);
    assert.equal(one!.quorum, "w1");
    assert.deepEqual(
      logs!.logs.map(({ url: logUrl }) => logUrl),
      ["https://log.example.com/"],
    );
    assert.deepEqual(names!.groups, [{ name: "group", threshold: 2, members: ["all", "any"] }]);
    assert.deepEqual(
      groups!.groups.map(({ name, threshold }) => [name, threshold]),
      [
        ["X-witnesses", 2],
        ["Y-witnesses", 1],
        ["X-and-Y", 2],
      ],
    );
  });

  test("invalid policies are refused", () => {
    assert.equal(vectors.invalid.length, 25);
    for (const [text, why] of vectors.invalid) refused(text, why);
  });
});

/** The public half alone. */
function parsedWitness(number: number): VerifierKey {
  const { type, name, keyId, publicKey } = witness(number);
  return { type, name, keyId, publicKey: Uint8Array.from(publicKey) };
}

suite("a policy", () => {
  test("names the line that is wrong", () => {
    const error = refusal(() => parse("# one\nwitness w1 <W1>\nquorum w2\n"), "no w2");
    assert.match(error.message, /^line 3: .*w2/);
  });

  test("refuses one public key under two names of witnesses, also of logs", () => {
    const again = formatVerifierKey(
      signingKey(primitives, "other.example", new Uint8Array(32).fill(1), "cosignature"),
    );
    refused(`witness a <W1>\nwitness b ${again}\nquorum a\n`, "a witness twice");
    const renamed = formatVerifierKey(log(1, "renamed.example"));
    refused(`log <L>\nlog ${renamed}\nquorum none\n`, "a log twice");
  });

  test("refuses what else the format bans", () => {
    const cases: readonly (readonly [text: string, why: string])[] = [
      ["witness w1 <W1>\ngroup g 01 w1\nquorum g\n", "a leading zero"],
      ["witness w1 <W1>\ngroup g all\nquorum g\n", "a group without members"],
      ["witness w1 <W1>\ngroup none any w1\nquorum none\n", "a group called none"],
      ["witness w1 <W1>\ngroup g any g\nquorum g\n", "a member of itself"],
      ["quorum none none\n", "two quorums on a line"],
      ["quorum none\nquorum none\n", "none twice"],
      ["quorum none\u007f\n", "DEL"],
      ["quorum\u00a0none\n", "a no-break space is no white space"],
      ["log <W1>\nquorum none\n", "a witness's key for a log"],
      ["Quorum none\n", "capitals"],
      ["", "nothing"],
    ];
    for (const [text, why] of cases) refused(text, why);
    const long = `quorum none\n#${"x".repeat(MAX_POLICY_LENGTH - 13)}`;
    assert.equal(parse(long).quorum, undefined);
    refused(`${long}x`, "too long");
  });
});

suite("a quorum", () => {
  test("of one witness is that witness", () => {
    const text = "witness w1 <W1>\nwitness w2 <W2>\nquorum w1\n";
    assert.deepEqual(satisfying(text, [[], [1], [2], [1, 2]]), ["1", "1 2"]);
  });

  test("called none is always there", () => {
    assert.deepEqual(satisfying("witness w1 <W1>\nquorum none\n", [[], [1]]), ["", "1"]);
  });

  test("of k of n is any k", () => {
    const text = "witness a <W1>\nwitness b <W2>\nwitness c <W3>\ngroup g 2 a b c\nquorum g\n";
    const sets = [[], [1], [3], [1, 2], [2, 3], [1, 1], [1, 2, 3], [4, 5]];
    assert.deepEqual(satisfying(text, sets), ["1 2", "2 3", "1 2 3"]);
  });

  test("of groups within groups", () => {
    const [, , , , text] = vectors.valid;
    const sets = [
      [1, 2],
      [1, 2, 4],
      [1, 4, 5, 6],
      [2, 3, 6],
      [4, 5, 6],
      [1, 2, 3, 4, 5, 6],
    ];
    assert.deepEqual(satisfying(text!, sets), ["1 2 4", "2 3 6", "1 2 3 4 5 6"]);
  });

  test("does not count a key under another name, or of a log", () => {
    const policy = parse("witness w1 <W1>\nquorum w1\n");
    const { publicKey } = witness(1);
    const seed = new Uint8Array(32).fill(1);
    const renamed = signingKey(primitives, "w2.example", seed, "cosignature");
    const asLog = signingKey(primitives, "w1.example", seed);
    assert.deepEqual(renamed.publicKey, publicKey);
    assert.ok(!isQuorum(policy, [renamed, asLog]));
  });

  test("behind a chain of 10,000 groups is found", () => {
    const groups = Array.from({ length: 10_000 }, (_, n) => `group g${n + 1} all g${n}`);
    const text = ["witness g0 <W1>", ...groups, "quorum g10000"].join("\n");
    assert.deepEqual(satisfying(text, [[], [1]]), ["1"]);
  });
});
