import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { utf8 } from "@stele/core/bytes";
import { ExtractChecker, formatProofLine } from "@stele/core/evidence";
import { primitives } from "../vectors/primitives.ts";
import { refuses } from "../vectors/read.ts";
import { judgeExtract, proven, unproven } from "./judge.ts";
import { key, PaperLog } from "./paper-log.ts";

const [K0, K1, K2, THIEF, RECOVERY] = [key(1), key(2), key(3), key(9), key(8)];

/** Entries 0-3 by K0, 4-7 by K1, 8-11 by K2: 3 and 7 change the key. */
function threeEpochs(): PaperLog {
  const log = new PaperLog(K0);
  log.tell(3);
  log.change(K1);
  log.tell(3);
  log.change(K2);
  log.tell(4);
  return log;
}

const log = threeEpochs();

/** Another story from entry `seq` on, with the same keys and changes. */
function forkAt(seq: number): PaperLog {
  const fork = new PaperLog(K0);
  fork.leaves.push(...log.leaves.slice(0, seq));
  fork.tell(log.size - seq, "lie");
  fork.epochs.splice(0, 1, ...log.epochs);
  return fork;
}

suite("an extract", () => {
  test("of any range holds under the first key, and gives its lines as they are", () => {
    for (let from = 0; from < log.size; from++) {
      for (let to = from; to < log.size; to++) {
        const lines: string[] = [];
        const evidence = judgeExtract(log.extract(from, to), K0, (line) => lines.push(line));
        const { parts, ...range } = proven(evidence);
        assert.deepEqual(range, { proven: true, origin: K0.name, from, to });
        const bounds = [3, 7, to].filter((end) => end >= from && end <= to);
        assert.deepEqual(
          parts.map((part) => part.to),
          [...new Set(bounds)],
        );
        assert.equal(parts[0]!.from, from);
        assert.deepEqual(
          lines.map((line) => `${line}\n`),
          log.leaves.slice(from, to + 1).map((_, n) => log.line(from + n)),
        );
      }
    }
  });

  test("is checked alike in pieces of any size", () => {
    const bytes = utf8(log.extract(2, 9).join(""));
    for (const size of [1, 7, 100, bytes.length]) {
      const checker = new ExtractChecker(primitives, { key: K0 });
      for (let at = 0; at < bytes.length; at += size) checker.push(bytes.slice(at, at + size));
      assert.deepEqual(proven(checker.end()), proven(judgeExtract(bytes, K0)));
    }
  });

  test("may have more proof lines than it owes", () => {
    const lines = [4, 5, 6].flatMap((seq) => [log.line(seq), formatProofLine(log.prove(seq))]);
    assert.equal(proven(judgeExtract(lines, K0)).parts.length, 3);
  });

  test("over a loss holds by the recovery key", () => {
    const lost = new PaperLog(K0, RECOVERY);
    lost.tell(2);
    lost.change(K1, "lost");
    lost.tell(2);
    const { parts } = proven(judgeExtract(lost.extract(0, 5), K0));
    assert.deepEqual(
      parts.map(({ trust }) => trust),
      ["recovery", "changed"],
    );
  });

  test("with an entry left out, doubled, swapped or changed proves nothing", () => {
    const lines = log.extract(4, 7);
    const cases: readonly (readonly [what: string, lines: string[], reason: RegExp])[] = [
      ["left out", lines.toSpliced(1, 1), /entry 6 follows 4/],
      ["doubled", lines.toSpliced(1, 0, lines[1]!), /entry 5 follows 5/],
      ["swapped", lines.toSpliced(1, 2, lines[2]!, lines[1]!), /entry 6 follows 4/],
      ["the last one left out", lines.toSpliced(3, 1), /the proof behind entry 6 is of another/],
      ["changed", lines.with(1, lines[1]!.replace("truth", "TRUTH")), /do not match its hash/],
      ["of a fork", lines.with(1, forkAt(5).line(5)), /entry 6 is not linked to the one before/],
      ["the last of a fork", lines.with(3, forkAt(7).line(7)), /is of another entry/],
      ["no proof", lines.slice(0, -1), /nothing proves entry 4/],
    ];
    for (const [what, forged, reason] of cases) unproven(judgeExtract(forged, K0), reason, what);
  });

  test("over the end of a key without the proof in the middle proves nothing", () => {
    const lines = log.extract(2, 9);
    const middle = lines.findIndex((line) => line.startsWith('{"proof"'));
    const without = lines.toSpliced(middle, 1);
    unproven(judgeExtract(without, K0), /entry 3 ends a key, and no proof follows it/);
    unproven(judgeExtract(without, K2), /entry 3 ends a key, and no proof follows it/);
  });

  test("of entries older than the key that proves their end proves nothing", () => {
    const plain = new PaperLog(K0);
    plain.leaves.push(...log.leaves.slice(0, 4));
    plain.tell(4, "lie");
    // Who has only today's key links a false past to what he may prove.
    plain.epochs.splice(0, 1, ...log.epochs);
    const forged = [
      ...[4, 5, 6, 7, 8].map((seq) => forkAt(4).line(seq)),
      formatProofLine(forkAt(4).prove(8, { keys: log.keys(2) })),
    ];
    unproven(judgeExtract(forged, K0), /entry 4 is older than the key, which may speak from 8/);
  });

  test("joined from a true past and a fork proves nothing", () => {
    const fork = forkAt(6);
    const joined = [...log.extract(4, 7), ...forkAt(6).extract(8, 9)];
    unproven(judgeExtract(joined, K0), /entry 8 is not linked to the one before/);
    const stolen = formatProofLine(fork.prove(9, { signer: THIEF, keys: log.keys(2) }));
    unproven(judgeExtract([fork.line(8), fork.line(9), stolen], K0), /no valid signature/);
  });

  test("that proves nothing does so whatever stands behind the reason", () => {
    const [first = "", ...rest] = log.extract(4, 5);
    const changed = first.replace("truth", "lie  ");
    for (const behind of [rest, ["half a line"], ["x".repeat(5_000_000)]]) {
      unproven(judgeExtract([changed, ...behind], K0), /entry 4 do not match its hash/);
    }
  });

  test("that is none, or breaks off, is malformed", () => {
    const lines = log.extract(4, 5);
    const proofLine = lines.at(-1)!;
    const endingWith = (last: string): string[] => [...lines.slice(0, -1), last];
    const texts: readonly (readonly [what: string, lines: string[]])[] = [
      ["nothing", []],
      ["an empty line", ["\n", ...lines]],
      ["no last newline", endingWith(proofLine.slice(0, -1))],
      ["half a line", endingWith(lines[0]!.slice(0, 50))],
      ["a proof without an entry", lines.toSpliced(0, 2)],
      ["a proof twice", [...lines, proofLine]],
      ["carriage returns", lines.map((line) => line.replace("\n", "\r\n"))],
      ["white space", endingWith(proofLine.replace(":", ": "))],
      ["another escape", endingWith(proofLine.replace("\\n", "\\u000a"))],
      ["a second member", endingWith(proofLine.replace(/\}\n$/, ',"a":1}\n'))],
      ["a proof that is no string", endingWith('{"proof":1}\n')],
      ["a proof that is none", endingWith('{"proof":"a"}\n')],
      ["another object", ['{"a":1}\n', ...lines]],
      ["a seal", ['{"seal":"a"}\n', ...lines]],
    ];
    for (const [what, forged] of texts) {
      refuses("PROOF_MALFORMED", () => judgeExtract(forged, K0), what);
    }
    const invalid = Buffer.from(lines.join("").replace("truth", "\u00ff"), "latin1");
    refuses("PROOF_MALFORMED", () => judgeExtract(invalid, K0), "not UTF-8");
    const endless = new ExtractChecker(primitives, { key: K0 });
    const mebibyte = new Uint8Array(1024 * 1024);
    refuses("PROOF_MALFORMED", () => [1, 2, 3, 4].forEach(() => endless.push(mebibyte)), "endless");
  });
});
