import { recoveryKeyEvent, TestJournal } from "../../vectors/generate/journal.ts";
import { attacker, first, found, intact, PINNED, plain, recovery, second } from "./base.ts";
import type { AttackCase } from "./case.ts";

/** Entry 0 names the recovery key; one entry more. */
function begun(): TestJournal {
  const journal = new TestJournal(first);
  journal.append(recoveryKeyEvent(recovery.vkey));
  journal.seal();
  journal.commit(1);
  return journal;
}

/** The key is said to be lost, and the next one goes on. */
function losing(journal: TestJournal, next = attacker, by = recovery): TestJournal {
  journal.follow(next, "lost", by);
  journal.rotate();
  journal.commit(1);
  return journal;
}

/** The recovery key in the wrong hands, or not the one that entry 0 names. */
export function recoveryKeyCases(): readonly AttackCase[] {
  const honest = begun();
  honest.commit(2);
  const branch = losing(begun());
  const whole = { cut: 0, rewritten: 3, rewrittenByEarlierKey: 0, rewrittenByRecoveryKey: 1 };
  return [
    {
      name: "recovery-key-stolen",
      what:
        "The recovery key: the journal is cut to two entries, said to have lost its key, " +
        "and goes on by the thief's. The entry says so; nothing else shows it.",
      files: branch.files(),
      given: PINNED,
      expect: intact(4, whole),
    },
    {
      name: "recovery-key-stolen-kept",
      what: "The same, but somebody kept a checkpoint of the four entries that were there.",
      files: branch.files(),
      given: { ...PINNED, checkpoint: honest.note() },
      expect: found("forked", 0, 4),
    },
    ...misused(),
  ];
}

function misuse(
  name: string,
  what: string,
  journal: TestJournal,
  [verdict, firstBad]: readonly [string, number],
): AttackCase {
  return { name, what, files: journal.files(), given: PINNED, expect: found(verdict, firstBad) };
}

function misused(): AttackCase[] {
  const sealing = begun();
  sealing.append('{"type":"test.forged"}');
  sealing.seal(recovery);
  const rotating = begun();
  rotating.follow(attacker, "rotated", recovery);
  const atOnce = new TestJournal(first);
  atOnce.append(recoveryKeyEvent(recovery.vkey));
  losing(atOnce);
  const late = plain(1);
  late.append(recoveryKeyEvent(attacker.vkey));
  late.seal();
  losing(late, second, attacker);
  const next = begun();
  next.follow(recovery);
  const other = losing(begun(), second, attacker);
  return [
    misuse(
      "recovery-key-seals-entries",
      "The recovery key: it seals an entry that does not say that a key was lost.",
      sealing,
      ["re-signed", 2],
    ),
    misuse(
      "recovery-key-rotates",
      "The recovery key: it seals an entry that names the next key with another reason than lost.",
      rotating,
      ["re-signed", 2],
    ),
    misuse(
      "recovery-key-at-once",
      "The recovery key: the key is lost before it has sealed anything, so that entry 0 " +
        "could be anybody's.",
      atOnce,
      ["tampered", 0],
    ),
    misuse(
      "recovery-key-named-late",
      "The first key: entry 1 names a recovery key of the thief's, which counts in entry 0 only.",
      late,
      ["tampered", 2],
    ),
    misuse(
      "recovery-key-of-attacker",
      "Files and a key of the attacker's: the key is said to be lost, sealed by a key " +
        "that entry 0 does not name.",
      other,
      ["re-signed", 2],
    ),
    misuse(
      "lost-without-recovery-key",
      "Files and a key of the attacker's: the key is said to be lost in a journal that " +
        "has no recovery key.",
      losing(plain(2)),
      ["tampered", 2],
    ),
    misuse(
      "recovery-key-comes-next",
      "The first key: it names the recovery key as the next key.",
      next,
      ["tampered", 2],
    ),
  ];
}
