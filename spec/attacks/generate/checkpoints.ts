import { checkpointText, TestJournal } from "../../vectors/generate/journal.ts";
import { TestKey } from "../../vectors/generate/crypto.ts";
import {
  attacker,
  base,
  epochs,
  first,
  found,
  intact,
  opens,
  PINNED,
  plain,
  published,
  REFUSED,
  second,
} from "./base.ts";
import type { AttackCase, Expected } from "./case.ts";

const journal = base();

function signed(text: string, by: TestKey = first): string {
  return `${text}\n${by.signatureLine(text)}`;
}

function attack(name: string, what: string, checkpoint: string, expect: Expected): AttackCase {
  const stated = { given: PINNED, expect, opening: opens() };
  return { name, what, files: published(journal, checkpoint), ...stated };
}

/** DIR/checkpoint forged, replaced or replayed; what was kept outside forged. */
export function checkpointCases(): readonly AttackCase[] {
  return [...forged(), ...byOtherKeys(), ...kept()];
}

function forged(): AttackCase[] {
  const text = journal.checkpoint();
  const other = checkpointText(first.name, 6, "ab".repeat(32));
  const more = plain(2, 1, 2, 1, 1).checkpoint();
  const zeros = first.signatureLine(text, Buffer.alloc(64));
  const unsigned = (changed: string): string => `${changed}\n${first.signatureLine(text)}`;
  const corrupt = found("corrupt", 6);
  return [
    attack(
      "checkpoint-wrong-signature",
      "Files only: DIR/checkpoint has a signature of zeros.",
      `${text}\n${zeros}`,
      corrupt,
    ),
    attack(
      "checkpoint-other-root",
      "Files only: DIR/checkpoint has another root, with the signature of before.",
      unsigned(other),
      corrupt,
    ),
    attack(
      "checkpoint-other-root-signed",
      "Today's key: DIR/checkpoint has another root, and is signed. Two histories by one key.",
      signed(other),
      found("forked", 0, 6),
    ),
    attack(
      "checkpoint-more-entries",
      "Files only: DIR/checkpoint is of more entries, with the signature of before.",
      unsigned(more),
      corrupt,
    ),
    {
      ...attack(
        "checkpoint-more-entries-signed",
        "Today's key: DIR/checkpoint is of more entries, and is signed.",
        signed(more),
        found("truncated", 6),
      ),
      opening: REFUSED,
    },
    attack(
      "checkpoint-fewer-entries",
      "Files only: DIR/checkpoint is an older one, byte for byte. It is true, and says less.",
      plain(2).note(),
      intact(6),
    ),
    attack("checkpoint-garbage", "Files only: DIR/checkpoint is garbage.", "garbage", corrupt),
    attack("checkpoint-emptied", "Files only: DIR/checkpoint is empty.", "", corrupt),
    attack(
      "checkpoint-line-endings",
      "Files only: the newlines of DIR/checkpoint became CR LF.",
      journal.note().replaceAll("\n", "\r\n"),
      corrupt,
    ),
    attack(
      "checkpoint-of-other-origin",
      "Files only: DIR/checkpoint is another journal's.",
      otherOrigin(),
      corrupt,
    ),
  ];
}

function otherOrigin(): string {
  const other = new TestJournal(new TestKey("other.example/journal", first.seed));
  other.commit(3);
  return other.note();
}

function byOtherKeys(): AttackCase[] {
  const text = journal.checkpoint();
  const more = plain(2, 1, 2, 1, 1).checkpoint();
  const rotated = epochs(first, second);
  const early = plain(2, 1).checkpoint();
  return [
    attack(
      "checkpoint-by-attacker",
      "Files and a key of the attacker's: DIR/checkpoint is of these entries, by that key.",
      signed(text, attacker),
      found("corrupt", 6),
    ),
    {
      ...attack(
        "checkpoint-more-by-attacker",
        "Files and a key of the attacker's: DIR/checkpoint is of more entries, by that " +
          "key. The entry that named it may be lost too, so this is no reason to trust what " +
          "is left.",
        signed(more, attacker),
        found("truncated", 6),
      ),
      opening: REFUSED,
    },
    {
      name: "checkpoint-by-later-key",
      what:
        "The second key: DIR/checkpoint is of entries of the first epoch, right, but by " +
        "the second key.",
      files: published(rotated, signed(early, second)),
      given: PINNED,
      expect: found("corrupt", 7),
    },
    {
      name: "checkpoint-by-earlier-key",
      what:
        "The first key, which was not destroyed: DIR/checkpoint is of all entries, right, " +
        "but by the first key.",
      files: published(rotated, signed(rotated.checkpoint())),
      given: PINNED,
      expect: found("corrupt", 7),
    },
  ];
}

/** The checkpoint that the caller kept is not what it seems. */
function kept(): AttackCase[] {
  const rotated = epochs(first, second);
  const early = plain(2, 1).checkpoint();
  const at = (name: string, what: string, checkpoint: string, expect: Expected): AttackCase => ({
    name,
    what,
    files: published(rotated),
    given: { ...PINNED, checkpoint },
    expect,
  });
  const error = { error: "NOTE_UNVERIFIED" };
  return [
    at(
      "kept-by-attacker",
      "A key of the attacker's: the checkpoint that was kept is by that key. It is no " +
        "evidence about this journal.",
      signed(early, attacker),
      error,
    ),
    at(
      "kept-wrong-signature",
      "Nothing: the checkpoint that was kept has a signature of something else.",
      `${early}\n${first.signatureLine("x\n")}`,
      error,
    ),
    at(
      "kept-by-later-key",
      "The second key: the checkpoint that was kept is of the first epoch, right, but " +
        "by the second key.",
      signed(early, second),
      found("re-signed", 0, 7),
    ),
    at(
      "kept-of-other-origin",
      "Nothing: the checkpoint that was kept is another journal's.",
      otherOrigin(),
      error,
    ),
  ];
}
