import { OTHER_SEED, TestKey } from "../../vectors/generate/crypto.ts";
import { TestJournal } from "../../vectors/generate/journal.ts";
import {
  attacker,
  base,
  edited,
  first,
  found,
  intact,
  PINNED,
  plain,
  published,
  relinked,
  SELF_DOUBTS,
  withLines,
} from "./base.ts";
import type { AttackCase, Files } from "./case.ts";

const whole = base();
/** The same entries, sealed by the attacker's key, in a manifest that says so. */
const resigned = relinked(whole.lines, attacker);
const forged = other();

function other(): TestJournal {
  const journal = new TestJournal(attacker);
  for (let count = 0; count < 3; count++) journal.append('{"type":"test.forged"}');
  journal.seal();
  return journal;
}

function withManifestOf(files: Files, journal: TestJournal): Files {
  return { ...files, "stele.json": journal.files()["stele.json"]! };
}

/** Files, and a key that the attacker made: nothing of the journal's. */
export function strangerCases(): readonly AttackCase[] {
  return [...resignedCases(), ...recreated(), ...others()];
}

function resignedCases(): AttackCase[] {
  const files = published(resigned);
  const kept = whole.note();
  return [
    {
      name: "resigned",
      what:
        "Files and a key of the attacker's: all seals are by that key, and the manifest " +
        "names it.",
      files,
      given: PINNED,
      expect: found("re-created", 0),
    },
    {
      name: "resigned-kept",
      what: "The same, and a checkpoint by the pinned key shows that the entries are the old ones.",
      files,
      given: { ...PINNED, checkpoint: kept },
      expect: found("re-signed", 0),
    },
    {
      name: "resigned-unpinned",
      what: "The same, and nobody pins a key: nothing can show it, and the check says so.",
      files,
      given: {},
      expect: intact(6, SELF_DOUBTS),
    },
    {
      name: "resigned-unpinned-kept",
      what:
        "The same with a kept checkpoint and no pinned key: it is signed by no key of " +
        "this journal, so nothing is judged.",
      files,
      given: { checkpoint: kept },
      expect: { error: "NOTE_UNVERIFIED" },
    },
    ...otherManifests(),
  ];
}

/** The manifest and the seals are by different keys. */
function otherManifests(): AttackCase[] {
  const files = published(resigned);
  const lastOnly = whole.lines.toSpliced(-1, 1, resigned.lines.at(-1)!);
  return [
    {
      name: "resigned-manifest-left",
      what:
        "Files and a key of the attacker's: all seals are by that key; the manifest still " +
        "names the old one.",
      files: withManifestOf(files, whole),
      given: {},
      expect: found("re-signed", 0),
    },
    {
      name: "resigned-last-seal",
      what: "Files and a key of the attacker's: the last seal alone is by that key.",
      files: withLines(published(whole), lastOnly),
      given: PINNED,
      expect: found("re-signed", 5),
    },
    {
      name: "resigned-manifest-only",
      what:
        "Files only: the manifest names a key of the attacker's, the ledger is as it was. " +
        "With the key pinned nothing is wrong.",
      files: withManifestOf(published(whole), resigned),
      given: PINNED,
      expect: intact(6),
    },
    {
      name: "resigned-manifest-only-unpinned",
      what: "The same without a pinned key.",
      files: withManifestOf(published(whole), resigned),
      given: {},
      expect: found("re-signed", 0),
    },
  ];
}

function recreated(): AttackCase[] {
  const files = published(forged);
  return [
    {
      name: "recreated",
      what: "Files and a key of the attacker's: a new journal of the same name with other entries.",
      files,
      given: PINNED,
      expect: found("re-created", 0),
    },
    {
      name: "recreated-kept",
      what: "The same, and somebody kept a checkpoint of the old one.",
      files,
      given: { ...PINNED, checkpoint: whole.note() },
      expect: found("re-created", 0),
    },
    {
      name: "recreated-unpinned",
      what: "The same, and nobody pins a key: nothing can show it, and the check says so.",
      files,
      given: {},
      expect: intact(3, SELF_DOUBTS),
    },
    {
      name: "recreated-manifest-left",
      what: "Files and a key of the attacker's: a new journal, whose manifest is the old one.",
      files: withManifestOf(files, whole),
      given: PINNED,
      expect: found("re-signed", 0),
    },
    {
      name: "recreated-names-pinned-key",
      what:
        "Files and a key of the attacker's: a new journal whose last entry names the " +
        "pinned key, as if it had followed.",
      files: namesPinned().files(),
      given: PINNED,
      expect: found("re-signed", 0, 4),
    },
    {
      name: "recreated-empty",
      what: "Files and a key of the attacker's: an empty journal of the same name.",
      files: new TestJournal(attacker).files(),
      given: PINNED,
      expect: found("re-created", 0),
    },
  ];
}

function namesPinned(): TestJournal {
  const journal = other();
  journal.follow(first);
  return journal;
}

function others(): AttackCase[] {
  const name = "other.example/journal";
  const elsewhere = new TestJournal(new TestKey(name, OTHER_SEED));
  elsewhere.commit(3);
  const sameKey = new TestJournal(new TestKey(name, first.seed));
  sameKey.commit(3);
  const files = published(elsewhere);
  return [
    {
      name: "another-journal",
      what: "Files only: the directory of another journal stands in this one's place.",
      files,
      given: PINNED,
      expect: found("wrong-key", 0),
    },
    {
      name: "another-journal-renamed",
      what: "Files only: the same, and its manifest is changed to this one's name and key.",
      files: withManifestOf(files, whole),
      given: PINNED,
      expect: found("corrupt", 0),
    },
    {
      name: "another-journal-of-same-key",
      what:
        "Files only: another journal whose key has the same bytes, under another name, " +
        "with this one's manifest.",
      files: withManifestOf(published(sameKey), plain(3)),
      given: PINNED,
      expect: found("corrupt", 0),
    },
    {
      name: "another-journal-headers-changed",
      what:
        "Files only: the same, with the name in the header changed as well. The seals are " +
        "of the other name.",
      files: edited(withManifestOf(published(sameKey), plain(3)), (text) => {
        return text.replace(name, first.name);
      }),
      given: PINNED,
      expect: found("tampered", 0),
    },
  ];
}
