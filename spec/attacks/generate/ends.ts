import { TestJournal } from "../../vectors/generate/journal.ts";
import {
  base,
  cosigned,
  edited,
  first,
  found,
  intact,
  opens,
  PINNED,
  plain,
  published,
  REFUSED,
  seenBy,
  SEEN_AT,
  witness,
} from "./base.ts";
import type { AttackCase } from "./case.ts";

const whole = base();
const shorter = plain(2, 1, 2);

/** Entries removed from the end, with more and more of their traces; no key is needed. */
export function endCases(): readonly AttackCase[] {
  return [...inside(), ...outside(), ...everything()];
}

function inside(): AttackCase[] {
  const { head } = whole.files();
  const cut = shorter.files();
  return [
    {
      name: "cut-end-naively",
      what: "Files only: the last commit is cut off; head and DIR/checkpoint still name it.",
      files: { ...published(whole), ...cut, head: head! },
      given: PINNED,
      expect: found("truncated", 5),
      opening: REFUSED,
    },
    {
      name: "cut-end-checkpoint-left",
      what:
        "Files only: the last commit is cut off and head adapted; DIR/checkpoint was " +
        "forgotten.",
      files: { ...published(whole), ...cut },
      given: PINNED,
      expect: found("truncated", 5),
      opening: REFUSED,
    },
    {
      name: "cut-end-head-left",
      what:
        "Files only: the last commit is cut off and DIR/checkpoint removed; head was " +
        "forgotten.",
      files: { ...cut, head: head! },
      given: PINNED,
      expect: found("truncated", 5),
      opening: REFUSED,
    },
    {
      name: "cut-end-perfectly",
      what:
        "Files only: the last commit is cut off, head adapted, and DIR/checkpoint made from the " +
        "last seal that is left. Nothing inside shows that, and the check must say so.",
      files: published(shorter),
      given: PINNED,
      expect: intact(5),
      opening: opens(),
    },
    ...sealsCut(),
  ];
}

/** The last segment, or the last seal alone. */
function sealsCut(): AttackCase[] {
  const segments = plain(2, 1);
  segments.rotate();
  segments.commit(2);
  const withoutSeal = edited(whole.files(), (text) => text.slice(0, text.lastIndexOf('{"seal"')));
  const bytes = Buffer.byteLength(`${whole.lines.at(-2)!}\n`);
  return [
    {
      name: "cut-last-segment",
      what: "Files only: the last segment is removed; head still names it.",
      files: { ...plain(2, 1).files(), head: segments.head() },
      given: PINNED,
      expect: found("truncated", 3),
      opening: REFUSED,
    },
    {
      name: "cut-last-seal",
      what: "Files only: the last seal is cut off, its entry left; head still names the commit.",
      files: withoutSeal,
      given: PINNED,
      expect: { ...found("truncated", 5), unsealed: { entries: 1, bytes } },
      opening: REFUSED,
    },
    {
      name: "cut-last-seal-head-adapted",
      what:
        "Files only: the same with head adapted. It looks like a crash, and cannot be " +
        "told from one.",
      files: { ...withoutSeal, head: shorter.head() },
      given: PINNED,
      expect: { ...intact(5), unsealed: { entries: 1, bytes } },
      opening: opens(1),
    },
  ];
}

function outside(): AttackCase[] {
  return [
    {
      name: "cut-end-perfectly-kept",
      what: "Files only: a perfect cut, but somebody kept a checkpoint of all six entries.",
      files: published(shorter),
      given: { ...PINNED, checkpoint: whole.note() },
      expect: {
        ...found("rolled-back", 5),
        anchored: null,
        cannotRuleOut: { cut: 0, rewritten: 0 },
      },
    },
    {
      name: "cut-end-perfectly-seen",
      what: "All keys: a perfect cut, but a pinned witness hands out what it countersigned.",
      files: published(shorter),
      given: { ...PINNED, witnesses: [witness.vkey], checkpoint: seenBy(whole) },
      expect: { ...found("rolled-back", 5), anchored: null },
    },
    {
      name: "restored-copy",
      what:
        "Files only: the whole directory, DIR/checkpoint with its cosignature included, is " +
        "restored from an older copy; somebody kept a newer checkpoint.",
      files: published(shorter, cosigned(shorter)),
      given: { ...PINNED, witnesses: [witness.vkey], checkpoint: whole.note() },
      expect: {
        ...found("rolled-back", 5),
        anchored: {
          size: 5,
          by: "witnesses",
          witnesses: [witness.name],
          at: new Date(SEEN_AT * 1000).toISOString(),
        },
      },
    },
    {
      name: "restored-copy-stale",
      what:
        "Files only: the same, and nobody kept anything: the witness's old time shows it to " +
        "whoever sets a limit to the age.",
      files: published(shorter, cosigned(shorter)),
      given: { ...PINNED, witnesses: [witness.vkey], maxAgeDays: 30 },
      expect: found("stale", 5),
    },
  ];
}

function everything(): AttackCase[] {
  const empty = new TestJournal(first);
  return [
    {
      name: "cut-all-perfectly",
      what: "Files only: every entry is cut off with all traces.",
      files: empty.files(),
      given: PINNED,
      expect: intact(0),
    },
    {
      name: "cut-all-perfectly-kept",
      what: "Files only: every entry is cut off with all traces, but somebody kept a checkpoint.",
      files: empty.files(),
      given: { ...PINNED, checkpoint: whole.note() },
      expect: found("rolled-back", 0),
    },
  ];
}
