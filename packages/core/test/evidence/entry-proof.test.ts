import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { utf8 } from "@stele/core/bytes";
import { formatEntryProof, parseEntryProof } from "@stele/core/evidence";
import { formatVerifierKey } from "@stele/core/key";
import { formatTlogProof, parseTlogProof } from "@stele/core/tlog-proof";
import { refuses } from "../vectors/read.ts";
import { judge, proven, unproven } from "./judge.ts";
import { key, PaperLog, witness } from "./paper-log.ts";

const [K0, K1, K2, K3, THIEF] = [key(1), key(2), key(3), key(4), key(9)];

/** Entries 0-3 by K0, 4-7 by K1, 8-11 by K2: 3 and 7 change the key. */
function threeEpochs(): PaperLog {
  const log = new PaperLog(K0);
  log.tell(3);
  log.change(K1);
  log.tell(3);
  log.change(K2, "aged");
  log.tell(4);
  return log;
}

const log = threeEpochs();

suite("the proof of an entry", () => {
  test("holds for each entry, under every key from the first one to its own", () => {
    for (let seq = 0; seq < log.size; seq++) {
      const text = log.prove(seq);
      const own = log.epochs.findLast(({ first }) => first <= seq)!;
      for (const { key: pinned, first } of log.epochs) {
        const evidence = judge(text, pinned);
        if (first > own.first) {
          unproven(evidence, /no valid signature/, `entry ${seq}`);
          continue;
        }
        const [part, ...more] = proven(evidence).parts;
        assert.deepEqual(more, []);
        assert.deepEqual([part!.from, part!.to], [seq, seq]);
        assert.equal(part!.size, own.end?.size ?? log.size);
        assert.equal(formatVerifierKey(part!.key), formatVerifierKey(own.key));
        assert.equal(part!.trust, pinned === own.key ? "pinned" : "changed");
      }
    }
  });

  test("holds for each entry of every size of a log with one key", () => {
    const small = new PaperLog(K0);
    small.tell(9);
    for (let size = 1; size <= 9; size++) {
      for (let seq = 0; seq < size; seq++) proven(judge(small.prove(seq, { size }), K0));
    }
  });

  test("names the witnesses that countersigned, and no others", () => {
    const [w1, w2, w3] = [witness(21), witness(22), witness(23)];
    const text = log.prove(9, { cosigners: [w1, w2] });
    assert.deepEqual(proven(judge(text, K0)).parts[0]!.cosignatures, []);
    const { cosignatures } = proven(judge(text, K0, { witnesses: [w3, w2] })).parts[0]!;
    assert.deepEqual(
      cosignatures.map(({ key: by, timestamp }) => [by.name, timestamp]),
      [[w2.name, 1_800_000_001]],
    );
    const other = log.prove(9, { cosigners: [w1], size: 11 });
    const stolen = /^— witness.*$/m.exec(other)![0];
    unproven(judge(`${log.prove(9)}${stolen}\n`, K0, { witnesses: [w1] }), /no valid cosignature/);
  });

  test("is what formatEntryProof writes, byte for byte", () => {
    const text = log.prove(9);
    const { index, hashes, leaf, keys } = parseEntryProof(utf8(text));
    const { checkpoint } = parseTlogProof(utf8(text));
    assert.equal(keys.length, 2);
    const parts = { index, hashes, checkpoint, leaf: leaf.text, keys: log.keys(2) };
    assert.equal(formatEntryProof(parts), text);
  });
});

suite("a thief", () => {
  /** Another story from entry `seq` on, with the same keys. */
  function forkAt(seq: number): PaperLog {
    const fork = log.copy();
    fork.leaves.splice(seq);
    fork.tell(log.size - seq, "lie");
    return fork;
  }

  test("of today's key proves nothing of earlier epochs to who pins an earlier key", () => {
    for (let seq = 0; seq < 8; seq++) {
      const forged = log.prove(seq, {
        log: forkAt(seq),
        size: log.size,
        signer: K2,
        keys: log.keys(2),
      });
      for (const pinned of [K0, K1]) {
        unproven(judge(forged, pinned), /entry \d is older than the key/, `entry ${seq}`);
      }
    }
  });

  test("of today's key proves what he likes of today's epoch, or to who pins that key", () => {
    const forgery = { log: forkAt(8), size: log.size, signer: K2 };
    proven(judge(log.prove(8, forgery), K0));
    proven(judge(log.prove(2, { ...forgery, log: forkAt(2), keys: log.keys(2) }), K2));
  });

  test("of today's key cannot end an earlier epoch otherwise", () => {
    const fork = threeEpochs();
    fork.leaves.splice(3);
    fork.tell(2, "lie");
    const seq = fork.change(THIEF);
    const ends = fork.prove(seq, { size: seq + 1, signer: K2, keys: [] });
    const forged = fork.prove(0, { size: seq + 1, signer: THIEF, keys: [...log.keys(2), ends] });
    unproven(judge(forged, K0), /key change 3: entry 5 is older than the key/);
  });

  test("of an earlier key cannot lead on from a later one", () => {
    const fork = log.copy();
    const seq = fork.change(THIEF);
    const ends = fork.prove(seq, { size: seq + 1, signer: K1, keys: [] });
    const forged = fork.prove(seq, { size: seq + 1, signer: THIEF, keys: [...log.keys(2), ends] });
    for (const pinned of [K0, K1, K2]) unproven(judge(forged, pinned), /no valid signature/);
  });

  test("with a key that nobody named proves nothing", () => {
    for (let seq = 0; seq < log.size; seq++) {
      unproven(judge(log.prove(seq, { signer: THIEF }), K0), /no valid signature/);
    }
    unproven(judge(log.prove(9), THIEF), /key change 1: .*no valid signature/);
  });

  test("who names the pinned key himself gains nothing", () => {
    const fork = new PaperLog(THIEF);
    fork.tell(3, "lie");
    fork.change(K0);
    fork.tell(2, "lie");
    unproven(judge(fork.prove(2), K0), /no valid signature/);
    unproven(judge(fork.prove(5, { signer: THIEF }), K0), /no valid signature/);
    unproven(judge(fork.prove(2, { keys: fork.keys(1), size: 6 }), K0), /no valid signature/);
  });
});

suite("the chain of key changes", () => {
  const [first, second] = log.keys(2) as [string, string];

  function chained(...keys: string[]): string {
    return log.prove(9, { keys });
  }

  test("must be whole, in order and used once", () => {
    const cases: readonly (readonly [what: string, keys: string[], reason: RegExp])[] = [
      ["none", [], /the checkpoint of 12 entries has no valid signature/],
      ["the last one dropped", [first], /the checkpoint of 12 entries has no valid signature/],
      ["the first one dropped", [second], /key change 1: .*no valid signature/],
      ["swapped", [second, first], /key change 1: .*no valid signature/],
      ["the first one twice", [first, first, second], /key change 2: .*no valid signature/],
      ["the last one twice", [first, second, second], /key change 3: .*no valid signature/],
      ["the first one again behind", [first, second, first], /key change 3: /],
    ];
    for (const [what, keys, reason] of cases) unproven(judge(chained(...keys), K0), reason, what);
  });

  test("may be anything in front of the change that names the pinned key", () => {
    const other = new PaperLog(THIEF);
    other.tell(2);
    other.change(K3);
    proven(judge(chained(other.keys(1)[0]!, first, second), K1));
    proven(judge(chained(second), K2));
    unproven(judge(chained(other.keys(1)[0]!, first, second), K0), /key change 1: /);
  });

  test("has changes only, each at the end of its own checkpoint", () => {
    const plain = log.prove(2, { size: 3, keys: [] });
    unproven(judge(chained(plain, second), K0), /key change 1: entry 2 names no next key/);
    const later = log.prove(3, { size: 6, signer: K0, keys: [] });
    unproven(judge(chained(later, second), K0), /key change 1: .* does not end with entry 3/);
  });

  test("is of one origin", () => {
    const renamed = log.prove(3, { keys: [], origin: "other.example/log" });
    unproven(judge(chained(renamed, second), K0), /key change 1: the checkpoint is of other/);
    const forged = log.prove(9, { origin: "other.example/log" });
    unproven(judge(forged, K0), /^the checkpoint is of other/);
    const stranger = key(1, "other.example/log");
    unproven(judge(log.prove(1), stranger), /the key is for other.example/);
  });

  test("never comes back to a key", () => {
    const again = new PaperLog(K0);
    again.change(K1);
    again.change(K2);
    again.change(K1);
    again.tell(1);
    for (const pinned of [K0, K1]) {
      unproven(judge(again.prove(3), pinned), /key change 3: entry 2 names a key .* used before/);
    }
    const same = new PaperLog(K0);
    same.tell(1);
    same.change(K1);
    same.change(K1);
    same.tell(1);
    unproven(judge(same.prove(3), K0), /used before/);
  });

  test("does not start from a secret", () => {
    const secret = { ...K0, type: "hmac-sha256" as const, secret: K0.seed };
    const closed = new PaperLog(secret);
    closed.tell(1);
    proven(judge(closed.prove(0), secret));
    closed.change(K1);
    closed.tell(1);
    unproven(judge(closed.prove(2), secret), /a key that is a secret cannot name another/);
  });
});

suite("a lost key", () => {
  const RECOVERY = key(8);
  const lost = new PaperLog(K0, RECOVERY);
  lost.tell(2);
  lost.change(K1, "lost");
  lost.tell(2);
  lost.change(K2);
  lost.tell(1);
  lost.change(K3, "lost");
  lost.tell(1);

  test("is followed through the recovery key, which entry 0 names", () => {
    for (let seq = 0; seq < lost.size; seq++) {
      const [part] = proven(judge(lost.prove(seq), K0)).parts;
      const own = lost.epochs.findLast(({ first }) => first <= seq)!;
      const byRecovery = own.end?.by === RECOVERY;
      const changed = own.first === 0 ? "pinned" : "changed";
      assert.equal(part!.trust, byRecovery ? "recovery" : changed);
    }
  });

  test("is not followed without the proof of entry 0, or when that is sealed otherwise", () => {
    const [zero, ...changes] = lost.keys(1) as [string, string];
    const proves = (...keys: string[]): string => lost.prove(4, { keys });
    proven(judge(proves(zero, ...changes), K0));
    unproven(judge(proves(...changes), K0), /no recovery key is proven/);
    unproven(judge(proves(...changes, zero), K0), /no recovery key is proven/);
    const circular = lost.prove(0, { keys: [], size: 4, signer: RECOVERY });
    unproven(judge(proves(circular, ...changes), K0), /key change 1: .*no valid signature/);
    const stolen = lost.prove(0, { keys: [], size: 4, signer: K1 });
    unproven(judge(proves(stolen, ...changes), K0), /key change 1: .*no valid signature/);
  });

  test("is not followed when entry 0 is proven by a later key", () => {
    const later = new PaperLog(K0, RECOVERY);
    later.change(K1);
    later.change(K2, "lost");
    later.tell(1);
    const [zero, first, second] = later.keys(2) as [string, string, string];
    proven(judge(later.prove(3, { keys: [zero, first, second] }), K0));
    const named = later.prove(0, { keys: [], size: 2, signer: K1 });
    const keys = [first, named, second];
    unproven(judge(later.prove(3, { keys }), K0), /key change 2: entry 0 names no next key/);
  });

  test("is not followed by who pins a later key", () => {
    proven(judge(lost.prove(5), K1));
    proven(judge(lost.prove(9), K3));
    unproven(judge(lost.prove(9), K1), /says that the key was lost, and no recovery key is proven/);
  });

  test("cannot be declared by the lost key itself, nor by anything but the recovery key", () => {
    const forged = new PaperLog(K0, RECOVERY);
    forged.tell(2);
    const seq = forged.change(THIEF, "lost");
    forged.tell(1, "lie");
    const [zero] = forged.keys(1);
    for (const signer of [K0, THIEF]) {
      const ends = forged.prove(seq, { keys: [], signer });
      unproven(judge(forged.prove(4, { keys: [zero!, ends] }), K0), /no valid signature/);
    }
  });

  test("only entry 0 names a recovery key, and only one that is no other", () => {
    const late = new PaperLog(K0);
    late.tell(1);
    late.append(new PaperLog(K0, RECOVERY).leaves[0]!.match(/"event":(.*)\}$/)![1]!);
    const named = late.prove(1, { keys: [] });
    unproven(judge(late.prove(0, { keys: [named] }), K0), /only entry 0 can name a recovery key/);
    const own = new PaperLog(K0, K0);
    own.tell(1);
    const zero = own.prove(0, { keys: [] });
    unproven(judge(own.prove(1, { keys: [zero] }), K0), /is the journal's first key/);
  });

  test("the recovery key does not speak of what was before the epoch", () => {
    const forged = lost.prove(1, { keys: lost.keys(2), size: lost.size, signer: RECOVERY });
    unproven(judge(forged, K0), /entry 1 is older than the key/);
  });
});

suite("a forged proof", () => {
  test("with another leaf, index or log is refused", () => {
    const other = log.copy();
    other.leaves.splice(9);
    other.tell(3, "lie");
    unproven(judge(log.prove(9, { leaf: other.leaves[9]! }), K0), /not in the tree/);
    unproven(judge(log.prove(9, { leaf: log.leaves[8]! }), K0), /its leaf of entry 8/);
    unproven(judge(log.prove(9, { index: 8 }), K0), /the proof is of entry 8, its leaf of entry 9/);
    unproven(judge(log.prove(9, { log: other, signer: THIEF }), K0), /no valid signature/);
    const newer = log.copy();
    newer.tell(5);
    const text = log.prove(9);
    const under = newer.prove(9).replace(/^c2sp[^]*?\n\n/, text.replace(/\n\n[^]*$/, "\n\n"));
    unproven(judge(under, K0), /entry 9 is not in the tree/);
  });

  test("that carries something else than an entry is malformed", () => {
    const { leaves } = log;
    const edits: readonly (readonly [what: string, leaf: string])[] = [
      ["nothing", ""],
      ["white space", leaves[9]!.replace(":", ": ")],
      ["a hash", log.line(9).trimEnd()],
      ["a leading zero", leaves[9]!.replace('"seq":9', '"seq":09')],
      ["an event that is no object", leaves[9]!.replace(/"event":.*/, '"event":1}')],
      ["an event that is not compact", leaves[9]!.replace('"type":', '"type": ')],
      ["another time", leaves[9]!.replace("T12:00", "T12-00")],
      ["a time of other parts", leaves[9]!.replace("2026-11-20", "20261-1-20")],
      ["a lone surrogate", leaves[9]!.replace("truth", "\ud800")],
      ["too much", leaves[9]!.replace("truth", "x".repeat(65_536))],
    ];
    for (const [what, leaf] of edits) {
      const forged = log.prove(9, { leaf });
      refuses("PROOF_MALFORMED", () => parseEntryProof(utf8(forged)), what);
    }
  });

  test("whose extra is in another spelling is malformed", () => {
    const proof = parseTlogProof(utf8(log.prove(9)));
    const text = Buffer.from(proof.extra).toString();
    const edits = [
      text.replace("{", "{ "),
      `${text}\n`,
      text.replace(/\}$/, ',"more":1}'),
      text.replace('"leaf"', '"leav"'),
      text.replace("truth", "tr\\u0075th"),
      text.replace(/"keys":\[/, '"keys":[1,'),
      text.replace(/"keys":.*/, '"keys":{}}'),
      "[]",
      "null",
      "",
    ];
    for (const edit of edits) {
      assert.notEqual(edit, text);
      const forged = formatTlogProof({ ...proof, extra: utf8(edit) });
      refuses("PROOF_MALFORMED", () => parseEntryProof(utf8(forged)), edit);
    }
  });

  test("whose key changes carry key changes, or are no proofs, is malformed", () => {
    const nested = log.prove(3, { keys: log.keys(1) });
    for (const bad of [nested, "", "c2sp.org/tlog-proof@v1\n", log.keys(2)[1]!.slice(0, -1)]) {
      const forged = log.prove(9, { keys: [log.keys(1)[0]!, bad] });
      const error = refusalOf(forged);
      assert.match(error, /^key change 2: /);
    }
  });
});

function refusalOf(text: string): string {
  try {
    parseEntryProof(utf8(text));
  } catch (error) {
    return (error as Error).message;
  }
  return assert.fail("accepted");
}
