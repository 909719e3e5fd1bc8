import {
  base,
  cosigned,
  first,
  found,
  intact,
  PINNED,
  plain,
  published,
  relinked,
  seenBy,
  witness,
} from "./base.ts";
import type { TestJournal } from "../../vectors/generate/journal.ts";
import type { AttackCase } from "./case.ts";

const whole = base();
const OTHER = '{"type":"test.other"}';

/** The holder of the key writes another history. */
export function historyCases(): readonly AttackCase[] {
  return [...writtenOn(), ...rewritten(), ...againstWitnesses()];
}

/** Three of the entries, and others behind them. */
function branch(others: number): TestJournal {
  const journal = plain(2, 1);
  for (let count = 0; count < others; count++) journal.append(OTHER);
  journal.seal();
  return journal;
}

function writtenOn(): AttackCase[] {
  const longer = branch(4);
  const shorter = branch(2);
  return [
    {
      name: "rolled-back-and-on",
      what:
        "Today's key (or a restored backup with an honest writer): rolled back to three " +
        "entries, then written on past the six that somebody kept a checkpoint of.",
      files: published(longer),
      given: { ...PINNED, checkpoint: whole.note() },
      expect: found("forked", 0, 7),
    },
    {
      name: "rolled-back-and-on-shorter",
      what: "Today's key: the same, but there are still fewer entries than were kept.",
      files: published(shorter),
      given: { ...PINNED, checkpoint: whole.note() },
      expect: found("rolled-back", 5),
    },
    {
      name: "rolled-back-and-on-checkpoint-left",
      what:
        "Today's key: the same as the first, and nobody kept anything, but DIR/checkpoint " +
        "was forgotten.",
      files: published(longer, whole.note()),
      given: PINNED,
      expect: found("forked", 0, 7),
    },
    {
      name: "rolled-back-and-on-unseen",
      what: "Today's key: the same with DIR/checkpoint adapted, and no evidence from outside.",
      files: published(longer),
      given: PINNED,
      expect: intact(7),
    },
    {
      name: "two-histories",
      what:
        "Today's key: this reader is shown another journal than the one whose checkpoint " +
        "a friend sent.",
      files: published(branch(3)),
      given: { ...PINNED, checkpoint: whole.note() },
      expect: found("forked", 0, 6),
    },
    {
      name: "two-histories-branched-later",
      what:
        "Today's key: two histories that branch off behind what was kept: it says nothing " +
        "about that.",
      files: published(branch(3)),
      given: { ...PINNED, checkpoint: plain(2, 1).note() },
      expect: intact(6, { cut: 3, rewritten: 3 }),
    },
  ];
}

/** Entry 2 says something else, and everything behind it is sealed again by the journal's key. */
function changed(): TestJournal {
  const lines = whole.lines.map((line) => line.replace('"i":2', '"i":9'));
  return relinked(lines, first);
}

function rewritten(): AttackCase[] {
  const files = published(changed());
  return [
    {
      name: "rewritten-by-key-holder",
      what:
        "Today's key, without rotations or evidence: entry 2 is rewritten and all is " +
        "sealed again. No check can see that.",
      files,
      given: PINNED,
      expect: intact(6),
    },
    {
      name: "rewritten-by-key-holder-kept",
      what: "Today's key: the same, but somebody kept a checkpoint.",
      files,
      given: { ...PINNED, checkpoint: whole.note() },
      expect: found("forked", 0, 6),
    },
    {
      name: "rewritten-behind-kept",
      what:
        "Today's key: entry 2 is rewritten, behind the two entries that somebody kept a " +
        "checkpoint of.",
      files,
      given: { ...PINNED, checkpoint: plain(2).note() },
      expect: intact(6, { cut: 2, rewritten: 2 }),
    },
  ];
}

function againstWitnesses(): AttackCase[] {
  const witnesses = [witness.vkey];
  return [
    {
      name: "rewritten-checkpoint-left",
      what:
        "All keys: entry 2 is rewritten; DIR/checkpoint with the cosignature of before is " +
        "left, since nobody can make another.",
      files: published(changed(), cosigned(whole)),
      given: { ...PINNED, witnesses },
      expect: found("forked", 0, 6),
    },
    {
      name: "rewritten-against-witness",
      what:
        "All keys: entry 2 is rewritten, DIR/checkpoint adapted; a pinned witness hands " +
        "out what it countersigned.",
      files: published(changed()),
      given: { ...PINNED, witnesses, checkpoint: seenBy(whole) },
      expect: found("forked", 0, 6),
    },
    {
      name: "rewritten-cosignature-dropped",
      what:
        "All keys: entry 2 is rewritten, and DIR/checkpoint has no cosignature any more. " +
        "A limit to the age shows it.",
      files: published(changed()),
      given: { ...PINNED, witnesses, maxAgeDays: 30 },
      expect: found("stale", 0, 6),
    },
    {
      name: "rewritten-cosignature-dropped-unlimited",
      what:
        "All keys: the same without a limit to the age: nothing is found, and nothing is " +
        "said to be witnessed.",
      files: published(changed()),
      given: { ...PINNED, witnesses },
      expect: { ...intact(6), anchored: null },
    },
    {
      name: "rewritten-with-witness-key",
      what:
        "Today's key and the witness's: a rewritten journal is countersigned. Only " +
        "another witness could show it.",
      files: published(changed(), cosigned(changed())),
      given: { ...PINNED, witnesses },
      expect: intact(6, { cut: 6, rewritten: 6, rewrittenWithWitnesses: 6 }),
    },
  ];
}
