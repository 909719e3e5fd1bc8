import { headText, recoveryKeyEvent, TestJournal } from "../../vectors/generate/journal.ts";
import {
  base,
  cosigned,
  edited,
  epochs,
  first,
  intact,
  opens,
  PINNED,
  plain,
  published,
  recovery,
  second,
  SEEN_AT,
  SELF_DOUBTS,
  third,
  without,
  witness,
} from "./base.ts";
import type { AttackCase, Doubts } from "./case.ts";

/** Nobody attacked these: a verifier that refuses one of them is wrong as well. */
export function goodCases(): readonly AttackCase[] {
  return [...simple(), ...evidence(), ...crashed(), ...manyKeys()].map((good) => ({
    ...good,
    name: `good/${good.name}`,
  }));
}

function simple(): AttackCase[] {
  const journal = base();
  const files = published(journal);
  const empty = new TestJournal(first);
  const segments = plain(2, 1);
  segments.rotate();
  segments.commit(2);
  segments.rotate();
  segments.commit(1);
  const common = { given: PINNED, opening: opens() };
  return [
    { name: "plain", what: "Six entries in four commits.", files, ...common, expect: intact(6) },
    {
      name: "key-from-itself",
      what: "The same, and nobody pins a key: all of it could be somebody else's.",
      files,
      given: {},
      expect: intact(6, SELF_DOUBTS),
    },
    { name: "empty", what: "No entries yet.", files: empty.files(), ...common, expect: intact(0) },
    {
      name: "segments",
      what: "Six entries in three segments of one key.",
      files: published(segments),
      ...common,
      expect: intact(6),
    },
    {
      name: "without-head",
      what: "A copy without head and checkpoint, which are no evidence.",
      files: without(journal.files(), "head"),
      given: PINNED,
      expect: intact(6),
    },
  ];
}

function evidence(): AttackCase[] {
  const journal = base();
  const midway = plain(2, 1, 2);
  const at = new Date(SEEN_AT * 1000).toISOString();
  const covered = { cut: 5, rewritten: 5 };
  return [
    {
      name: "kept-checkpoint",
      what: "A checkpoint of five entries was kept outside; a sixth came later.",
      files: published(journal),
      given: { ...PINNED, checkpoint: midway.note() },
      expect: {
        ...intact(6, covered),
        anchored: { size: 5, by: "checkpoint", witnesses: [], at: null },
      },
    },
    {
      name: "witnessed",
      what: "DIR/checkpoint is of five entries and countersigned by the pinned witness.",
      files: published(journal, cosigned(midway)),
      given: { ...PINNED, witnesses: [witness.vkey], maxAgeDays: 999_999 },
      expect: {
        ...intact(6, { ...covered, rewrittenWithWitnesses: 5 }),
        anchored: { size: 5, by: "witnesses", witnesses: [witness.name], at },
      },
    },
    {
      name: "older-checkpoint-file",
      what: "DIR/checkpoint is older than the newest seal, as a crash leaves it.",
      files: published(journal, midway.note()),
      given: PINNED,
      expect: { ...intact(6), anchored: null },
      opening: opens(),
    },
  ];
}

/** What a crash in the middle of the last commit leaves. */
function crashed(): AttackCase[] {
  const journal = plain(2, 1);
  const head = headText(2, 0, Buffer.byteLength(`${journal.lines.slice(0, 4).join("\n")}\n`));
  const [entry, seal] = journal.lines.slice(4) as [string, string];
  const commitBytes = Buffer.byteLength(`${entry}\n${seal}\n`);
  const files = { ...journal.files(), head };
  const expect = (entries: number, bytes: number) => ({
    ...intact(2),
    unsealed: { entries, bytes },
  });
  const holed = `${entry.slice(0, 20)}${"\0".repeat(60)}${entry.slice(80)}`;
  const common = { given: PINNED, opening: opens(1) };
  return [
    {
      name: "torn-tail",
      what:
        "A crash cut the last commit off in the middle of its seal; it was acknowledged " +
        "to nobody.",
      files: edited(files, (text) => text.slice(0, -50)),
      ...common,
      expect: expect(1, commitBytes - 50),
    },
    {
      name: "hole-at-the-end",
      what:
        "A crash left zeros in the last commit's entry, in front of its seal, which had reached " +
        "the disk; head does not name it yet.",
      files: edited(files, (text) => text.replace(entry, holed)),
      ...common,
      expect: expect(0, commitBytes),
    },
    {
      name: "zeros-behind-the-end",
      what: "A crash left the file longer than what was written: zeros behind the last seal.",
      files: edited(plain(2).files(), (text) => text + "\0".repeat(512)),
      ...common,
      expect: expect(0, 512),
    },
    {
      name: "torn-head",
      what: "A crash left head as zeros; it is read as torn.",
      files: { ...base().files(), head: "\0".repeat(64) },
      given: PINNED,
      expect: intact(6),
      opening: opens(),
    },
  ];
}

function manyKeys(): AttackCase[] {
  const rotated = epochs(first, second, third);
  const lost = new TestJournal(first);
  lost.append(recoveryKeyEvent(recovery.vkey));
  lost.seal();
  lost.commit(1);
  lost.follow(second, "lost", recovery);
  lost.rotate();
  lost.commit(1);
  const doubts: Doubts = { cut: 0, rewritten: 8, rewrittenByEarlierKey: 0 };
  return [
    {
      name: "rotated-twice",
      what: "Three keys, one after the other; the first one is pinned.",
      files: published(rotated),
      given: PINNED,
      expect: intact(11, doubts),
      opening: opens(0, third.skey),
    },
    {
      name: "rotated-last-pinned",
      what: "The same, and the third key is pinned: its holder is believed about everything.",
      files: published(rotated),
      given: { key: third.vkey },
      expect: intact(11, { cut: 0, rewritten: 0 }),
    },
    {
      name: "recovered-key",
      what: "The first key was lost, and the recovery key of entry 0 named the second.",
      files: published(lost),
      given: PINNED,
      expect: intact(4, {
        cut: 0,
        rewritten: 3,
        rewrittenByEarlierKey: 0,
        rewrittenByRecoveryKey: 1,
      }),
      opening: opens(0, second.skey),
    },
  ];
}
