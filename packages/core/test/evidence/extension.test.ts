import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddCheckpoint } from "@stele/core/add-checkpoint";
import { utf8 } from "@stele/core/bytes";
import {
  checkExtension,
  parseExtension,
  parseSignedCheckpoint,
  type ExtensionTrust,
  type ProvenExtension,
  type Unproven,
} from "@stele/core/evidence";
import type { SigningKey } from "@stele/core/key";
import { consistencyNodes, proveConsistency } from "@stele/core/proof";
import { primitives } from "../vectors/primitives.ts";
import { refuses } from "../vectors/read.ts";
import { key, PaperLog, witness } from "./paper-log.ts";

const [K0, K1] = [key(1), key(2)];
const log = new PaperLog(K0);
log.tell(9);

function extension(oldSize: number, size: number, signer: SigningKey = K0, of = log): string {
  const growth = { oldSize, size };
  const proof = proveConsistency(primitives, growth, of.read(consistencyNodes(growth)));
  return formatAddCheckpoint({ oldSize, proof, checkpoint: of.note(size, signer) });
}

function judge(
  text: string,
  oldNote: string,
  trust: ExtensionTrust = { key: K0 },
): ProvenExtension | Unproven {
  const old = parseSignedCheckpoint(utf8(oldNote));
  return checkExtension(primitives, trust, old, parseExtension(utf8(text)));
}

function unproven(found: ProvenExtension | Unproven, reason: RegExp): void {
  assert.ok(!found.proven);
  assert.match(found.reason, reason);
}

test("every size extends every smaller one", () => {
  for (let size = 1; size <= 9; size++) {
    for (let oldSize = 1; oldSize <= size; oldSize++) {
      const found = judge(extension(oldSize, size), log.note(oldSize, K0));
      assert.ok(found.proven);
      assert.deepEqual([found.oldSize, found.size], [oldSize, size]);
    }
  }
});

test("a fork, another proof or another older checkpoint is no extension", () => {
  const fork = new PaperLog(K0);
  fork.leaves.push(...log.leaves.slice(0, 4));
  fork.tell(5, "lie");
  unproven(judge(extension(6, 9), fork.note(6, K0)), /does not show .* 9 entries to extend .* 6/);
  unproven(judge(extension(6, 9, K0, fork), log.note(6, K0)), /does not show/);
  unproven(judge(extension(5, 9), log.note(6, K0)), /starts from 5 entries, .* has 6/);
  unproven(judge(extension(6, 9).replace("old 6", "old 5"), log.note(5, K0)), /does not show/);
  assert.ok(judge(extension(4, 9, K0, fork), log.note(4, K0)).proven);
});

test("both checkpoints must be the pinned key's, or the older one of the key named for it", () => {
  unproven(judge(extension(6, 9, K1), log.note(6, K0)), /the newer checkpoint has no valid/);
  unproven(judge(extension(6, 9), log.note(6, K1)), /the older checkpoint has no valid/);
  const changed = judge(extension(6, 9, K1), log.note(6, K0), { key: K1, oldKey: K0 });
  assert.ok(changed.proven);
  const other = log.note(6, K0, { origin: "other.example/log" });
  unproven(judge(extension(6, 9), other), /the older checkpoint is of other.example/);
});

test("a witness's cosignature is named, a false one refused", () => {
  const w = witness(21);
  const text = extension(6, 9);
  const [line] = /^— witness.*\n/m.exec(log.note(9, K0, { cosigners: [w] }))!;
  const found = judge(text + line, log.note(6, K0), { key: K0, witnesses: [w] });
  assert.ok(found.proven);
  assert.deepEqual(
    found.cosignatures.map(({ timestamp }) => timestamp),
    [1_800_000_000],
  );
  const [wrong] = /^— witness.*\n/m.exec(log.note(8, K0, { cosigners: [w] }))!;
  unproven(judge(text + wrong, log.note(6, K0), { key: K0, witnesses: [w] }), /no valid cosig/);
});

test("a file that is no proof, or whose checkpoint is none, is malformed", () => {
  const text = extension(6, 9);
  refuses("PROOF_MALFORMED", () => parseExtension(utf8(text.replace("old ", "old  "))), "old");
  const bare = text.replace(/\n\n[^]*/, "\n\nlog\n");
  refuses("NOTE_MALFORMED", () => parseExtension(utf8(bare)), "no note");
  const sized = text.replace("\n9\n", "\n09\n");
  refuses("CHECKPOINT_MALFORMED", () => parseExtension(utf8(sized)), "no checkpoint");
});
