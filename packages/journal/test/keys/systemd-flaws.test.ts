import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { fixturePath } from "../fixtures/spec.ts";

/**
 * What broke the sealing of systemd's journal (eprint 2023/867, CVE-2023-31437 to -31439 and its
 * issues), each with the attacks of spec/attacks that try it here. `attacks.proc.test.ts` runs
 * them; here stands that each is told.
 */
const FLAWS: Readonly<Record<string, readonly string[]>> = {
  "CVE-2023-31439: history sealed anew with the newest key": [
    "epoch-rewritten-by-later-key",
    "epoch-rewritten-from-the-middle",
    "epoch-cut-and-on-by-later-key",
  ],
  "CVE-2023-31438: epochs missing, empty, out of order, or gone on with": [
    "epoch-removed",
    "epoch-emptied",
    "epoch-skipped",
    "epochs-swapped",
    "old-key-goes-on",
  ],
  "CVE-2023-31437: structures that no seal covers decide what is shown": [
    "header-byte",
    "segment-renamed",
    "segments-swapped",
    "segment-other-frontier",
    "seal-removed-in-the-middle",
  ],
  "systemd #15425: what has no seals passes under the verification key": [
    "epoch-unsealed",
    "seals-stripped",
    "segment-unsealed",
  ],
};

suite("what broke systemd's sealing is told here", () => {
  for (const [flaw, attacks] of Object.entries(FLAWS)) {
    test(flaw, () => {
      for (const attack of attacks) {
        const text = readFileSync(fixturePath("../attacks", attack, "case.json"), "utf8");
        const { given, expect } = JSON.parse(text) as {
          readonly given: { readonly key?: string };
          readonly expect: { readonly verdict: string };
        };
        assert.ok(given.key, `${attack} is checked under a pinned key`);
        assert.notEqual(expect.verdict, "intact", attack);
      }
    });
  }
});
