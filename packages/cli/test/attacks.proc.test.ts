import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

// Every case of spec/attacks goes through the library in packages/journal; some go through the
// command as well, each with another combination of options or another exit status.

const ATTACKS = join(import.meta.dirname, "../../../spec/attacks");
const STELE = join(import.meta.dirname, "../bin/stele.js");

const CASES = [
  "good/plain",
  "good/key-from-itself",
  "good/rotated-twice",
  "good/witnessed",
  "cut-end-naively",
  "cut-end-perfectly-kept",
  "restored-copy-stale",
  "rewritten-by-key-holder-kept",
  "all-keys-stolen-seen",
  "epoch-rewritten-by-later-key",
  "recreated",
  "another-journal",
  "entry-changed-rehashed",
  "line-endings",
  "quorum-missed",
  "quorum-reached",
  "kept-by-attacker",
  "tile-wrong",
  "secret-entry-changed",
  "secret-not-given",
];

interface AttackCase {
  readonly given: { readonly secretKey?: string };
  readonly expect: {
    readonly error?: string;
    readonly verdict?: string;
    readonly firstBad?: number | null;
    readonly size?: number;
  };
  readonly cli: readonly string[];
}

interface Printed {
  readonly verdict: string;
  readonly firstBad: { readonly seq: number } | null;
  readonly size: number;
}

suite("spec/attacks: stele verify", () => {
  for (const name of CASES) {
    test(name, () => {
      const cwd = join(ATTACKS, name);
      const text = readFileSync(join(cwd, "case.json"), "utf8");
      const { given, expect, cli } = JSON.parse(text) as AttackCase;
      const { PATH, HOME } = process.env;
      const STELE_KEY = given.secretKey === undefined ? {} : { STELE_KEY: given.secretKey };
      const env = { PATH, HOME, ...STELE_KEY };
      const run = spawnSync(process.execPath, [STELE, ...cli], { cwd, env, encoding: "utf8" });
      if (expect.error === undefined) {
        const { verdict, firstBad, size } = JSON.parse(run.stdout) as Printed;
        const found = { verdict, firstBad: firstBad?.seq ?? null, size };
        const { verdict: due, firstBad: seq, size: covered } = expect;
        assert.deepEqual(found, { verdict: due, firstBad: seq, size: covered });
        assert.equal(run.status, verdict === "intact" ? 0 : 1);
      } else {
        assert.match(run.stderr, new RegExp(`\\[${expect.error}\\]`));
        assert.equal(run.status, 2);
      }
    });
  }
});
