import { base64, treeRoot } from "../../vectors/generate/crypto.ts";
import type { TestKey } from "../../vectors/generate/crypto.ts";
import {
  entryLine,
  headText,
  recoveryKeyEvent,
  segmentPath,
  TestJournal,
} from "../../vectors/generate/journal.ts";
import { path, proofText } from "../../vectors/generate/proofs.ts";
import {
  attacker,
  edited,
  first,
  found,
  intact,
  opens,
  PINNED,
  plain,
  published,
  recovery,
  REFUSED,
  second,
  third,
  without,
} from "./base.ts";
import type { AttackCase, Doubts, Expected, Files } from "./case.ts";

/** Where epochs begin: entries 0 to 3, 4 to 7, and from 8 on, each with a segment of its own. */
const CUT = 8;
const TILE = "tile/0/000.p/8";
const PRUNED = "pruned.jsonl";
const OPENS = opens(0, third.skey);
const REFUSES = { ...REFUSED, signingKey: third.skey };

/** Three epochs, the last of them with an entry that names a cut. */
function journal(firstEvent?: string, cut = CUT): TestJournal {
  const made = new TestJournal(first);
  if (firstEvent === undefined) made.commit(2);
  else {
    made.append(firstEvent);
    made.seal();
    made.commit(1);
  }
  made.commit(1);
  made.follow(second);
  made.rotate();
  made.commit(3);
  made.follow(third);
  made.rotate();
  made.commit(3);
  made.append(prunedEvent(cut, made));
  made.seal();
  return made;
}

function prunedEvent(cut: number, { hashes }: TestJournal): string {
  const root = base64(treeRoot(hashes.slice(0, cut)));
  const data = { first: cut, root, entries: cut, bytes: 0, segments: [], reason: "old" };
  return JSON.stringify({ type: "stele.pruned", data });
}

/** The proof of an entry under a checkpoint of some size. */
function proof(
  { segments, hashes, key }: TestJournal,
  index: number,
  by: TestKey,
  size = index + 1,
) {
  const line = segments.flatMap(({ lines }) => lines).filter((one) => one.startsWith('{"seq"'))[
    index
  ]!;
  const leaf = `${line.slice(0, -75)}}`;
  const text = `${key.name}\n${size}\n${base64(treeRoot(hashes.slice(0, size)))}\n`;
  const hashPath = path(index, hashes.slice(0, size));
  const extra = JSON.stringify({ leaf, keys: [] });
  return proofText({ index, path: hashPath, extra, note: `${text}\n${by.signatureLine(text)}` });
}

function prunedFile(proofs: readonly string[], cut = CUT): string {
  const lines = [{ first: cut, from: 11 }, ...proofs.map((text) => ({ proof: text }))];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Without the segments before the cut, and with what is kept of them. */
function dropped(made: TestJournal, proofs: readonly string[] = proofsOf(made)): Files {
  const files = without(published(made), segmentPath(0), segmentPath(4));
  const tile = Buffer.from(made.hashes.slice(0, CUT).join(""), "hex");
  return { ...files, [TILE]: tile, [PRUNED]: prunedFile(proofs) };
}

function proofsOf(made: TestJournal): string[] {
  return [proof(made, 3, first), proof(made, 7, second)];
}

const made = journal();
const files = dropped(made);
const [toSecond, toThird] = proofsOf(made) as [string, string];
const DOUBTS: Doubts = { cut: 0, rewritten: CUT, rewrittenByEarlierKey: 0, malformed: CUT };

/** What the verdict says is gone. */
function gone(entries = CUT): { readonly pruned: object } {
  const [before, at] = [entries, 11].map(
    (seq) => new Date(Date.UTC(2026, 10, 20, 23, 35, 32, seq)),
  );
  return {
    pruned: { entries, before, at, seq: 11, reason: "old", by: null },
  };
}

function attack(name: string, what: string, changed: Files, expect: Expected): AttackCase {
  return { name: `pruned-${name}`, what, files: changed, given: PINNED, expect };
}

function good(name: string, what: string, changed: Files, expect: Expected): AttackCase {
  const opening = OPENS;
  return { name: `good/pruned${name}`, what, files: changed, given: PINNED, expect, opening };
}

/** Journals whose oldest segments were dropped. */
export function prunedCases(): readonly AttackCase[] {
  return [...soundCases(), ...missingCases(), ...headerCases(), ...keyCases(), ...hashCases()];
}

function soundCases(): AttackCase[] {
  const interrupted = { ...files, [segmentPath(4)]: published(made)[segmentPath(4)]! };
  const named = journal(recoveryKeyEvent(recovery.vkey));
  const withRecovery = dropped(named, [proof(named, 0, first), ...proofsOf(named)]);
  const kept = { key: first.vkey, checkpoint: keptAt(6) };
  const anchored = { size: 6, by: "checkpoint", witnesses: [], at: null } as const;
  return [
    good("", "The first two of three epochs are dropped, as entry 11 says.", files, {
      ...intact(12, DOUBTS),
      ...gone(),
    }),
    good(
      "-interrupted",
      "A crash came when only the first of two segments was dropped; opening drops the other.",
      interrupted,
      { ...intact(12, { ...DOUBTS, malformed: 4 }), ...gone(4) },
    ),
    good(
      "-recovery-key",
      "The same with a recovery key, which entry 0 named.",
      withRecovery,
      intact(12, { ...DOUBTS, rewrittenByRecoveryKey: 1 }),
    ),
    {
      name: "good/pruned-kept",
      what: "A checkpoint of six entries was kept; all of those were dropped since.",
      files,
      given: kept,
      expect: {
        ...intact(12, { cut: 6, rewritten: CUT, rewrittenByEarlierKey: 6, malformed: CUT }),
        anchored,
      },
    },
    {
      name: "pruned-kept-of-another-history",
      what: "The same, and the checkpoint is of other entries.",
      files,
      given: { key: first.vkey, checkpoint: keptAt(6, journal('{"type":"test.other"}')) },
      expect: found("forked", 0, 12),
    },
  ];
}

/** A checkpoint of the second epoch. */
function keptAt(size: number, of: TestJournal = made): string {
  const text = `${of.key.name}\n${size}\n${base64(treeRoot(of.hashes.slice(0, size)))}\n`;
  return `${text}\n${second.signatureLine(text)}`;
}

/** More is gone than an entry says. */
function missingCases(): AttackCase[] {
  const less = dropped(journal(undefined, 4));
  const lines = made.lines.slice(0, -2);
  const text = lines.map((line) => `${line}\n`).join("");
  const head = headText(11, CUT, Buffer.byteLength(text));
  const cut = without({ ...files, [segmentPath(CUT)]: text, head }, "checkpoint");
  const unsealed = `${text}${made.lines.at(-2)!}\n`;
  const renamed = edited(files, (all) => all.replace('"first":8,"root"', '"first":9,"root"'), CUT);
  const removed = found("tampered", 0);
  return [
    {
      ...attack(
        "more-than-said",
        "Files only: the entry says that entries before 4 were dropped; those before 8 are.",
        less,
        found("tampered", 4, 0),
      ),
      opening: REFUSES,
    },
    {
      ...attack(
        "entry-cut-off",
        "Files only: the entry that says so is cut off the end, with all traces.",
        cut,
        removed,
      ),
      opening: REFUSES,
    },
    attack(
      "entry-unsealed",
      "Files only: no seal covers the entry that says so.",
      { ...cut, [segmentPath(CUT)]: unsealed },
      removed,
    ),
    attack(
      "entry-changed",
      "Files only: the entry names another cut.",
      renamed,
      found("tampered", 11),
    ),
    attack(
      "entry-forged",
      "Files only: the first segment is removed, and an entry added that says so.",
      forged(),
      found("tampered", 5),
    ),
    attack(
      "entry-forged-alone",
      "Files only: the same without pruned.jsonl.",
      without(forged(), PRUNED),
      removed,
    ),
  ];
}

/** Six entries in three segments, without the first one. */
function forged(): Files {
  const six = new TestJournal(first);
  six.commit(3);
  six.rotate();
  six.commit(2);
  six.rotate();
  const other = six.leaf({ event: prunedEvent(3, six) });
  six.commit(1);
  const before = without(published(six), segmentPath(0));
  const tile = Buffer.from(six.hashes.slice(0, 3).join(""), "hex");
  const put = (text: string): string =>
    text.replace(/\{"seq":5,.*\n/, () => `${entryLine(other)}\n`);
  const announced = '{"first":3,"from":5}\n';
  return { ...edited(before, put, 5), "tile/0/000.p/3": tile, [PRUNED]: announced };
}

function headerCases(): AttackCase[] {
  const inHeader = (name: string, what: string, edit: (text: string) => string): AttackCase =>
    attack(`header-${name}`, what, edited(files, edit, CUT), found("tampered", CUT));
  return [
    inHeader(
      "frontier",
      "Files only: the header of the first segment names another frontier.",
      (text) => text.replace(/\["[0-9a-f]{64}/, `["${"ab".repeat(32)}`),
    ),
    inHeader(
      "prev",
      "Files only: the header of the first segment names another entry before it.",
      (text) => text.replace(/"prev":"[0-9a-f]{64}/, `"prev":"${"ab".repeat(32)}`),
    ),
  ];
}

/** What proves the keys of what was dropped. */
function keyCases(): AttackCase[] {
  const withProofs = (...proofs: readonly string[]): Files => ({
    ...files,
    [PRUNED]: prunedFile(proofs),
  });
  const wrong = (name: string, what: string, changed: Files): AttackCase =>
    attack(name, what, changed, found("tampered", 0));
  const swapped = toThird.replace(/\n— .*\n$/, toSecond.slice(toSecond.lastIndexOf("\n—")));
  const changes = withProofs(toSecond, proof(made, 7, attacker));
  return [
    {
      ...wrong(
        "keys-missing",
        "Files only: pruned.jsonl is removed, with the proofs of two key changes.",
        without(files, PRUNED),
      ),
      opening: REFUSES,
    },
    {
      ...wrong(
        "key-by-attacker",
        "A key of the attacker's: the proof of the second key change " +
          "is under a checkpoint by that.",
        changes,
      ),
      opening: REFUSES,
    },
    wrong(
      "key-signature-moved",
      "Files only: that proof has the signature of the other one.",
      withProofs(toSecond, swapped),
    ),
    wrong(
      "key-by-later-key",
      "Today's key: the second epoch's end is sealed by the third key.",
      withProofs(toSecond, proof(made, 7, third)),
    ),
    wrong(
      "keys-swapped",
      "Files only: the proofs of the key changes stand in the other order.",
      withProofs(toThird, toSecond),
    ),
    wrong(
      "key-change-skipped",
      "Files only: the proof of the first key change is removed.",
      withProofs(toThird),
    ),
    attack(
      "key-change-forgotten",
      "Files only: the proof of the second key change is removed.",
      withProofs(toSecond),
      found("re-signed", CUT),
    ),
    attack(
      "epoch-by-later-key",
      "Today's key: entries behind the cut are by the second key's epoch, sealed by the third.",
      resealed(),
      found("re-signed", 4),
    ),
  ];
}

/** Cut at 4, with the second epoch sealed anew by the third key. */
function resealed(): Files {
  const anew = new TestJournal(first);
  anew.commit(2);
  anew.commit(1);
  anew.follow(second);
  anew.rotate();
  for (let seq = 4; seq < 7; seq++) anew.append(`{"type":"test.forged","data":{"i":${seq}}}`);
  anew.seal(third);
  anew.follow(third, "rotated", third);
  anew.rotate();
  anew.commit(3);
  anew.append(prunedEvent(4, anew));
  anew.seal();
  const all = without(published(anew), segmentPath(0));
  const tile = Buffer.from(anew.hashes.slice(0, 4).join(""), "hex");
  return { ...all, "tile/0/000.p/4": tile, [PRUNED]: prunedFile([proof(anew, 3, first)], 4) };
}

/** What is left of the dropped entries. */
function hashCases(): AttackCase[] {
  const tile = Buffer.from(files[TILE]!);
  tile[100]! ^= 1;
  const other = dropped(journal('{"type":"test.other"}'), [toSecond, toThird]);
  const one = plain(2, 1);
  one.rotate();
  one.commit(1);
  one.append(prunedEvent(3, one));
  one.seal();
  const single = without(published(one), segmentPath(0));
  const three = Buffer.from(one.hashes.slice(0, 3).join(""), "hex");
  return [
    attack(
      "tile-removed",
      "Files only: the tile with the hashes of dropped entries is removed.",
      without(files, TILE),
      found("corrupt", 0, 12),
    ),
    attack(
      "tile-changed",
      "Files only: a bit of that tile is another.",
      { ...files, [TILE]: tile },
      found("corrupt", 0, 12),
    ),
    attack(
      "past-forged",
      "Today's key: its own epoch follows other entries than those " +
        "that the earlier keys sealed, which are dropped.",
      other,
      found("tampered", 0, 12),
    ),
    {
      ...attack(
        "without-announcement",
        "Files only: pruned.jsonl is removed, which proved no keys: nothing is lost.",
        { ...single, "tile/0/000.p/3": three },
        intact(5, { cut: 0, rewritten: 0, malformed: 3 }),
      ),
      opening: opens(),
    },
  ];
}
