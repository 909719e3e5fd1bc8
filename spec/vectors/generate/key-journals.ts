import { base64, OTHER_SEED, TEST_SEED, TestKey, TestSecret, treeRoot } from "./crypto.ts";
import { keyEvent, recoveryKeyEvent, segmentPath, smallEvent, TestJournal } from "./journal.ts";
import type { JournalCase } from "./journals.ts";

// Journals whose keys follow each other (spec/keys.md), and what somebody can do to them who has
// all their files and today's key, here always the newest of `keys`.

const NAME = "test.example/vectors";
const keys = [TEST_SEED, OTHER_SEED, Buffer.alloc(32, 0x60)].map((seed) => new TestKey(NAME, seed));
const [first, second, third] = keys as [TestKey, TestKey, TestKey];
const recovery = new TestKey(NAME, Buffer.alloc(32, 0x40));
const stranger = new TestKey(NAME, Buffer.alloc(32, 0x70));
const secret = new TestSecret(NAME, TEST_SEED);

type Files = Record<string, string>;
type Found = Pick<JournalCase, "verdict" | "firstBad" | "size" | "root">;

/** Keys in turn, each for two commits of these sizes in one segment; the last one goes on. */
function epochs(count: number): TestJournal {
  const journal = new TestJournal(first);
  for (const next of keys.slice(1, count)) {
    commits(journal);
    journal.follow(next);
    journal.rotate();
  }
  commits(journal);
  return journal;
}

function commits(journal: TestJournal): void {
  journal.commit(2);
  journal.commit(1);
}

function found(
  journal: TestJournal,
  size = journal.size,
  verdict: JournalCase["verdict"] = "intact",
  firstBad: number | null = null,
): Found {
  return { verdict, firstBad, size, root: base64(treeRoot(journal.hashes.slice(0, size))) };
}

/** Intact, and gone on with by what has this key. */
function fine(name: string, journal: TestJournal, more: Partial<JournalCase> = {}): JournalCase {
  const opening = { recovered: 0 };
  const signingKey = journal.key.skey;
  return { name, files: journal.files(), signingKey, ...found(journal), opening, ...more };
}

/** What the verifier must find, pinning the first key unless said otherwise. */
function attack(
  name: string,
  files: Files,
  expected: Found,
  key: string = first.vkey,
): JournalCase {
  return { name, files, key, ...expected };
}

function without(files: Files, ...paths: readonly string[]): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path)));
}

function followed(): JournalCase[] {
  const two = epochs(2);
  const three = epochs(3);
  const aged = new TestJournal(first);
  aged.commit(1);
  aged.append(smallEvent(1));
  aged.follow(second, "aged");
  aged.rotate();
  aged.commit(1);
  const twice = new TestJournal(first);
  twice.follow(second);
  twice.rotate();
  twice.follow(third);
  twice.rotate();
  twice.commit(1);
  const segments = epochs(2);
  segments.rotate();
  segments.commit(1);
  const middle = epochs(2).note();
  return [
    fine("two keys", two),
    fine("three keys", three),
    fine("three keys, the first one pinned", three, { key: first.vkey }),
    fine("three keys, the second one pinned", three, { key: second.vkey }),
    fine("three keys, the last one pinned", three, { key: third.vkey }),
    fine("a key that aged", aged, { key: first.vkey }),
    fine("two rotations without an entry between them", twice, { key: first.vkey }),
    fine("two segments of the second key", segments, { key: first.vkey }),
    fine("a checkpoint by the second key", three, { key: first.vkey, checkpoint: middle }),
    { ...fine("the old key opens nothing", two), signingKey: first.skey, opening: mismatch },
  ];
}

const mismatch = { error: "KEY_MISMATCH" } as const;

/** The rotation is the last thing that happened. */
function justFollowed(): JournalCase[] {
  const journal = new TestJournal(first);
  journal.commit(2);
  journal.follow(second);
  const ended = journal.note(first);
  const begun = new TestJournal(first);
  begun.commit(2);
  begun.follow(second);
  const head = begun.head();
  begun.rotate();
  const header = { ...begun.files(), head };
  begun.append(smallEvent(3));
  const bytes = Buffer.byteLength(`${begun.lines[1]!}\n`);
  const open = { unsealed: { entries: 1, bytes }, opening: { recovered: 1 } };
  const nothing = found(journal, 3, "re-signed", 0);
  return [
    fine("a rotation at the end", journal),
    fine("a rotation at the end, the first key pinned", journal, { key: first.vkey }),
    fine("a rotation at the end, and its checkpoint", journal, { checkpoint: ended }),
    attack("a pinned key that has sealed nothing yet", journal.files(), nothing, second.vkey),
    fine("a rotation and a new segment without entries", begun, {
      files: header,
      ...found(begun, 3),
    }),
    fine("a rotation and an entry without a seal", begun, {
      files: { ...begun.files(), head },
      ...found(begun, 3),
      ...open,
    }),
  ];
}

/** A rotation's commit of which a crash left less than all. */
function tornRotations(): JournalCase[] {
  const journal = new TestJournal(first);
  journal.commit(2);
  const head = journal.head();
  journal.append(smallEvent(2));
  journal.follow(second);
  const path = segmentPath(0);
  const [, , , , entry, change, seal] = journal.lines;
  const text = journal.files()[path]!;
  const holed = text.replace(entry!, `${entry!.slice(0, 20)}${"\0".repeat(60)}${entry!.slice(80)}`);
  const bytes = [entry, change, seal].reduce((sum, line) => sum + Buffer.byteLength(line!) + 1, 0);
  const cut = text.slice(0, -1);
  const torn = (name: string, ledger: string, entries: number, size: number): JournalCase => ({
    name,
    files: { ...journal.files(), [path]: ledger, head },
    key: first.vkey,
    signingKey: first.skey,
    ...found(journal, 2),
    unsealed: { entries, bytes: size },
    opening: { recovered: 1 },
  });
  return [
    torn("a rotation with zeros in front of its seal: the old key is the present", holed, 0, bytes),
    torn("a rotation whose seal is cut off: the old key is the present", cut, 2, bytes - 1),
  ];
}

/** Entry 0 names the recovery key, sealed by the first key; entry 1, a seal. */
function withRecovery(by: TestKey = first): TestJournal {
  const journal = new TestJournal(by);
  journal.append(recoveryKeyEvent(recovery.vkey));
  journal.seal();
  journal.commit(1);
  return journal;
}

function recoveries(): JournalCase[] {
  const lost = withRecovery();
  lost.follow(second, "lost", recovery);
  lost.rotate();
  lost.commit(1);
  const later = withRecovery();
  later.follow(second);
  later.rotate();
  later.commit(1);
  later.rotate();
  later.follow(third, "lost", recovery);
  later.rotate();
  later.commit(1);
  const unused = withRecovery();
  unused.follow(second);
  unused.rotate();
  unused.follow(third, "lost", recovery);
  const named = withRecovery();
  return [
    fine("a recovery key is named", named, { key: first.vkey }),
    fine("a lost key", lost, { key: first.vkey }),
    fine("a lost key, the next one pinned", lost, { key: second.vkey }),
    fine("a key is lost that was not the first", later, { key: first.vkey }),
    fine("a key is lost that had sealed nothing", unused, { key: first.vkey }),
    attack(
      "a pinned key in whose epoch only the recovery key sealed",
      unused.files(),
      found(unused, unused.size, "re-signed", 0),
      second.vkey,
    ),
  ];
}

/** The thief of the newest key rewrites what older keys sealed. */
function rewritten(): JournalCase[] {
  const journal = epochs(2);
  const all = new TestJournal(second);
  all.append('{"type":"test.other"}');
  all.commit(1);
  all.follow(stranger, "rotated", second);
  const history = { ...journal.files(), ...without(all.files(), "stele.json") };
  const named = new TestJournal(first);
  commits(named);
  const before = named.size;
  named.follow(stranger, "rotated", second);
  named.rotate();
  named.commit(1);
  const resumed = new TestJournal(first);
  resumed.commit(2);
  resumed.rotate();
  resumed.key = second;
  resumed.commit(3);
  const ended = new TestJournal(first);
  ended.commit(2);
  ended.follow(second, "rotated", second);
  ended.rotate();
  ended.commit(1);
  return [
    attack(
      "the first epoch sealed again by the second key",
      history,
      found(all, 0, "re-signed", 0),
    ),
    attack(
      "the entry that ends the first epoch names another key",
      named.files(),
      found(named, before, "re-signed", before),
    ),
    attack(
      "cut inside the first epoch, and gone on by the second key",
      resumed.files(),
      found(resumed, 2, "re-signed", 2),
    ),
    attack(
      "cut inside the first epoch, which the second key ends again",
      ended.files(),
      found(ended, 2, "re-signed", 2),
    ),
  ];
}

/** Epochs that are missing, in another order, or not ended. */
function rearranged(): JournalCase[] {
  const journal = epochs(3);
  const files = journal.files();
  const [zero, four, eight] = [0, 4, 8].map(segmentPath) as [string, string, string];
  const skipped = new TestJournal(first);
  commits(skipped);
  skipped.follow(second);
  skipped.rotate();
  skipped.key = third;
  skipped.commit(1);
  const back = new TestJournal(first);
  back.commit(1);
  back.follow(second);
  back.rotate();
  back.commit(1);
  back.follow(first);
  back.rotate();
  back.commit(1);
  const goingOn = new TestJournal(first);
  goingOn.commit(2);
  goingOn.follow(second);
  goingOn.key = first;
  goingOn.rotate();
  goingOn.commit(1);
  const inside = new TestJournal(first);
  inside.commit(2);
  inside.follow(second);
  inside.commit(1);
  const headerOnly = { ...files, [four]: `${journal.segments[1]!.lines[0]!}\n` };
  const swapped = { ...files, [four]: files[eight]!, [eight]: files[four]! };
  return [
    attack("the second epoch deleted", without(files, four), found(journal, 4, "tampered", 4)),
    attack("the second epoch emptied", headerOnly, found(journal, 4, "tampered", 4)),
    attack(
      "the first two epochs deleted",
      without(files, zero, four),
      found(journal, 0, "tampered", 0),
    ),
    attack("two epochs swapped", swapped, found(journal, 4, "corrupt", 4)),
    attack(
      "the third key in place of the second",
      skipped.files(),
      found(skipped, 4, "re-signed", 4),
    ),
    attack("a key that comes back", back.files(), found(back, 2, "tampered", 3)),
    attack(
      "the old key goes on behind its end",
      goingOn.files(),
      found(goingOn, 3, "re-signed", 3),
    ),
    attack("the next key goes on in the segment", inside.files(), found(inside, 3, "tampered", 3)),
    attack("the recovery key comes next", ...toRecovery()),
    ...unsealed(journal),
  ];
}

function toRecovery(): [Files, Found] {
  const journal = withRecovery();
  journal.rotate();
  journal.commit(1);
  journal.follow(recovery);
  journal.rotate();
  journal.commit(1);
  return [journal.files(), found(journal, 3, "tampered", 3)];
}

function unsealed(journal: TestJournal): JournalCase[] {
  const files = journal.files();
  const unseal = (path: string): Files => ({
    ...files,
    [path]: files[path]!.replaceAll(/^\{"seal":.*\n/gm, ""),
  });
  const ended = found(journal, 4, "tampered", 4);
  const bytes = Buffer.byteLength(unseal(segmentPath(8))[segmentPath(8)]!.replace(/^.*\n/, ""));
  const open = { ...found(journal, 8), unsealed: { entries: 3, bytes } };
  const lastUnsealed = unseal(segmentPath(8));
  return [
    attack("a closed epoch without seals", unseal(segmentPath(4)), ended),
    attack("the last epoch without seals", lastUnsealed, found(journal, 8, "truncated", 8)),
    attack(
      "the last epoch without seals, and no head: they vouch for nothing",
      without(lastUnsealed, "head"),
      open,
    ),
  ];
}

/** Journals of somebody else's who wants them taken for the pinned key's. */
function foreign(): JournalCase[] {
  const journal = new TestJournal(stranger);
  journal.commit(3);
  journal.follow(first);
  const lostAtOnce = new TestJournal(first);
  lostAtOnce.append(recoveryKeyEvent(recovery.vkey));
  lostAtOnce.follow(stranger, "lost", recovery);
  lostAtOnce.rotate();
  lostAtOnce.commit(2);
  const between = withRecovery(stranger);
  between.follow(first);
  between.rotate();
  between.follow(second, "lost", recovery);
  between.rotate();
  between.commit(1);
  const plain = epochs(2);
  const named = new TestJournal(first);
  named.append(keyEvent(stranger.vkey));
  named.lines.push(sealBy(named));
  named.key = stranger;
  named.rotate();
  named.commit(1);
  return [
    attack(
      "a key that never sealed anything",
      plain.files(),
      found(plain, 0, "re-created", 0),
      stranger.vkey,
    ),
    attack(
      "a stranger's journal whose last entry names the pinned key",
      journal.files(),
      found(journal, 4, "re-signed", 0),
    ),
    attack(
      "a stranger's journal that loses the pinned key at once",
      between.files(),
      found(between, between.size, "re-signed", 0),
    ),
    attack(
      "the pinned key's journal, lost before it sealed anything",
      lostAtOnce.files(),
      found(lostAtOnce, 0, "tampered", 0),
    ),
    attack(
      "a first entry that names a stranger's key",
      named.files(),
      found(named, 0, "re-signed", 0),
    ),
  ];
}

function sealBy(journal: TestJournal): string {
  return JSON.stringify({ seal: journal.note(stranger) });
}

/** Sealed with a secret: `secretKey` is given to the check. */
function secrets(): JournalCase[] {
  const journal = new TestJournal(secret);
  commits(journal);
  journal.rotate();
  journal.commit(1);
  const files = journal.files();
  const secretKey = secret.skey;
  const changed = { ...files, [segmentPath(0)]: files[segmentPath(0)]!.replace('"i":2', '"i":9') };
  const other = new TestSecret(NAME, OTHER_SEED);
  const forged = new TestJournal(other);
  commits(forged);
  const replaced = { ...forged.files(), "stele.json": files["stele.json"]! };
  return [
    fine("a secret", journal, { secretKey }),
    fine("a secret, its public half pinned", journal, { secretKey, key: secret.vkey }),
    {
      ...attack("a changed byte under a secret", changed, found(journal, 2, "tampered", 2)),
      key: secret.vkey,
      secretKey,
    },
    {
      ...attack("sealed with another secret", replaced, found(forged, 0, "re-signed", 0)),
      key: secret.vkey,
      secretKey,
    },
    { name: "a secret that is not given", files, error: "KEY_MISSING" },
    { name: "another secret", files, secretKey: other.skey, error: "KEY_MISMATCH" },
  ];
}

/** Journals with several keys: sound, and attacked. */
export function keyJournalCases(): {
  readonly keys: JournalCase[];
  readonly keyAttacks: JournalCase[];
} {
  return {
    keys: [...followed(), ...justFollowed(), ...tornRotations(), ...recoveries(), ...secrets()],
    keyAttacks: [...rewritten(), ...rearranged(), ...foreign()],
  };
}
