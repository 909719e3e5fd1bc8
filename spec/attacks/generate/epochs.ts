import { segmentPath, TestJournal } from "../../vectors/generate/journal.ts";
import {
  attacker,
  base,
  edited,
  epochs,
  first,
  found,
  intact,
  PINNED,
  plain,
  published,
  relinked,
  second,
  seenBy,
  third,
  witness,
  without,
  withLines,
} from "./base.ts";
import type { AttackCase } from "./case.ts";

/** Epochs of entries 0 to 3, 4 to 7, and 8 to 10. */
const journal = epochs(first, second, third);
const two = epochs(first, second);
const files = published(journal);
/** The lines of the first epoch. */
const lines: readonly string[] = two.segments[0]!.lines;

/** The first key is pinned, and destroyed; the thief has the newest one. */
export function epochCases(): readonly AttackCase[] {
  return [...rewritten(), ...named(), ...rearranged(), ...allKeys(), ...laterPinned()];
}

function rewritten(): AttackCase[] {
  const changed = lines.map((line) => line.replace('"i":2', '"i":9'));
  const naive = withLines(published(two), changed);
  const rehashed = withLines(published(two), relinked(changed).lines);
  const afresh = withLines(published(two), relinked(changed, second).lines);
  const from2 = relinked(changed.slice(0, 4));
  from2.append('{"type":"test.event","data":{"i":9}}');
  from2.seal(second);
  from2.append(JSON.stringify({ type: "test.event" }));
  from2.seal(second);
  const late = withLines(published(two), from2.lines);
  const at2 = { given: PINNED, expect: found("tampered", 2) };
  return [
    {
      name: "epoch-entry-changed",
      what: "Files only: entry 2, of a key that is destroyed, says something else.",
      files: naive,
      ...at2,
    },
    {
      name: "epoch-entry-changed-rehashed",
      what: "Files only: the same with hashes made anew; the seals are old.",
      files: rehashed,
      ...at2,
    },
    {
      name: "epoch-rewritten-by-later-key",
      what:
        "The second key: entry 2 of the first epoch is rewritten, and that epoch sealed " +
        "by the second key from its beginning.",
      files: afresh,
      given: PINNED,
      expect: found("re-signed", 0),
    },
    {
      name: "epoch-rewritten-from-the-middle",
      what:
        "The second key: the first epoch's last entries are rewritten and sealed by the " +
        "second key; what stands before is left.",
      files: late,
      given: PINNED,
      expect: found("re-signed", 2),
    },
    {
      name: "epoch-cut-and-on-by-later-key",
      what:
        "The second key: the first epoch is cut to two entries, and the second key goes " +
        "on from there in a new segment.",
      files: cutAndOn().files(),
      given: PINNED,
      expect: found("re-signed", 2),
    },
    {
      name: "epoch-last-rewritten",
      what:
        "The second key, which is today's: its own epoch is rewritten. That is as with " +
        "one key for ever.",
      files: published(lastRewritten()),
      given: PINNED,
      expect: intact(6, { cut: 0, rewritten: 4, rewrittenByEarlierKey: 0 }),
    },
  ];
}

function cutAndOn(): TestJournal {
  const cut = plain(2);
  cut.rotate();
  cut.key = second;
  cut.commit(3);
  return cut;
}

function lastRewritten(): TestJournal {
  const made = plain(2, 1);
  made.follow(second);
  made.rotate();
  made.append('{"type":"test.other"}');
  made.append('{"type":"test.other"}');
  made.seal();
  return made;
}

function resigned(name: string, what: string, made: TestJournal): AttackCase {
  return { name, what, files: made.files(), given: PINNED, expect: found("re-signed", 3) };
}

/** The entry that names the next key. */
function named(): AttackCase[] {
  const naive = edited(published(two), (text) => text.replace(second.vkey, attacker.vkey));
  const by = (key: typeof first): TestJournal => {
    const made = plain(2, 1);
    made.follow(attacker, "rotated", key);
    made.rotate();
    made.commit(1);
    return made;
  };
  const back = plain(1);
  back.follow(second);
  back.rotate();
  back.commit(1);
  back.follow(first);
  back.rotate();
  back.commit(1);
  const on = plain(2);
  on.follow(second);
  on.key = first;
  on.rotate();
  on.commit(1);
  const inside = plain(2);
  inside.follow(second);
  inside.commit(1);
  return [
    {
      name: "key-event-changed",
      what: "Files only: the entry that names the second key names the attacker's.",
      files: naive,
      given: PINNED,
      expect: found("tampered", 3),
    },
    resigned(
      "key-event-rewritten",
      "The second key: the entry that names it names the attacker's instead, sealed by " +
        "the second key.",
      by(second),
    ),
    resigned(
      "key-event-by-attacker",
      "Files and a key of the attacker's: the entry names that key, and is sealed by it.",
      by(attacker),
    ),
    resigned(
      "old-key-goes-on",
      "The first key, which was not destroyed: it goes on in a new segment behind its end.",
      on,
    ),
    {
      name: "old-key-comes-back",
      what: "Both keys: the second key names the first one again.",
      files: back.files(),
      given: PINNED,
      expect: found("tampered", 3, 2),
    },
    {
      name: "next-key-in-same-segment",
      what: "The second key: it goes on in the segment that ended with the first one.",
      files: inside.files(),
      given: PINNED,
      expect: found("tampered", 3),
    },
  ];
}

function rearranged(): AttackCase[] {
  const [zero, four, eight] = [0, 4, 8].map(segmentPath) as [string, string, string];
  const at4 = { given: PINNED, expect: found("tampered", 4) };
  const skipped = plain(2, 1);
  skipped.follow(second);
  skipped.rotate();
  skipped.key = third;
  skipped.commit(1);
  return [
    {
      name: "epoch-removed",
      what: "Files only: the second of three epochs is removed.",
      files: without(files, four),
      ...at4,
    },
    {
      name: "epoch-emptied",
      what: "Files only: the second of three epochs keeps its header alone.",
      files: edited(files, (text) => text.slice(0, text.indexOf("\n") + 1), 4),
      ...at4,
    },
    {
      name: "epoch-unsealed",
      what: "Files only: the second of three epochs has no seals any more.",
      files: edited(files, (text) => text.replaceAll(/^\{"seal":.*\n/gm, ""), 4),
      ...at4,
    },
    {
      name: "epochs-first-removed",
      what: "Files only: the first two of three epochs are removed; the third key is pinned.",
      files: without(files, zero, four),
      given: { key: third.vkey },
      expect: found("re-created", 0),
    },
    {
      name: "epochs-swapped",
      what: "Files only: the second and third epoch lie under each other's names.",
      files: { ...files, [four]: files[eight]!, [eight]: files[four]! },
      given: PINNED,
      expect: found("corrupt", 4),
    },
    {
      name: "epoch-skipped",
      what: "The third key: it stands in for the second, whose epoch is left out.",
      files: skipped.files(),
      given: PINNED,
      expect: found("re-signed", 4),
    },
  ];
}

/** Every key that the journal ever had is stolen. */
function allKeys(): AttackCase[] {
  const changed = lines.map((line) => line.replace('"i":2', '"i":9'));
  const made = relinked(changed, first);
  made.key = second;
  made.rotate();
  made.commit(2);
  made.commit(1);
  const rewrittenFiles = published(made);
  return [
    {
      name: "all-keys-stolen",
      what:
        "All keys, and no witness: an entry of the first epoch is rewritten and " +
        "everything sealed again. Nothing can show it, and the check says so.",
      files: rewrittenFiles,
      given: PINNED,
      expect: intact(7, { cut: 0, rewritten: 4, rewrittenByEarlierKey: 0 }),
    },
    {
      name: "all-keys-stolen-seen",
      what:
        "All keys: the same, but a pinned witness hands out what it countersigned of the " +
        "first epoch.",
      files: rewrittenFiles,
      given: { ...PINNED, witnesses: [witness.vkey], checkpoint: seenBy(plain(2, 1)) },
      expect: found("forked", 0, 7),
    },
    {
      name: "all-keys-stolen-kept",
      what: "All keys: the same, but somebody kept a checkpoint by the first key.",
      files: rewrittenFiles,
      given: { ...PINNED, checkpoint: plain(2, 1).note() },
      expect: found("forked", 0, 7),
    },
    {
      name: "old-key-branches",
      what:
        "The first key, which was not destroyed: the journal is cut inside its epoch, and " +
        "goes on by it as if no other key had followed.",
      files: published(base()),
      given: PINNED,
      expect: intact(6),
    },
    {
      name: "old-key-branches-kept",
      what: "The same, and a checkpoint of three entries by the first key is too old to show it.",
      files: published(base()),
      given: { ...PINNED, checkpoint: plain(2, 1).note() },
      expect: intact(6, { cut: 3, rewritten: 3 }),
    },
    {
      name: "old-key-branches-seen",
      what: "The same, but a pinned witness hands out what it countersigned under the second key.",
      files: published(base()),
      given: { ...PINNED, witnesses: [witness.vkey], checkpoint: seenBy(two) },
      expect: found("rolled-back", 6),
    },
    {
      name: "old-key-branches-later-pinned",
      what: "The same, and the second key is pinned: this journal does not know it.",
      files: published(base()),
      given: { key: second.vkey },
      expect: found("re-created", 0),
    },
  ];
}

/** Whoever pins the second key believes its holder about the first epoch. */
function laterPinned(): AttackCase[] {
  const made = new TestJournal(attacker);
  made.append('{"type":"test.forged"}');
  made.follow(second);
  made.rotate();
  made.commit(4);
  return [
    {
      name: "past-forged-by-pinned-key",
      what:
        "The second key, which is pinned: another first epoch, sealed by a key of the " +
        "thief's, which names the second. Only evidence from outside shows that.",
      files: made.files(),
      given: { key: second.vkey },
      expect: intact(6, { cut: 0, rewritten: 0 }),
    },
    {
      name: "past-forged-by-pinned-key-seen",
      what: "The same, but a pinned witness hands out what it countersigned of the first epoch.",
      files: made.files(),
      given: { key: second.vkey, witnesses: [witness.vkey], checkpoint: seenBy(plain(2, 1)) },
      expect: found("forked", 0, 6),
    },
    {
      name: "past-forged-first-pinned",
      what: "The same, and the first key is pinned.",
      files: made.files(),
      given: PINNED,
      expect: found("re-created", 0),
    },
  ];
}
