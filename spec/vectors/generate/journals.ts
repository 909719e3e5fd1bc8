import { base64, OTHER_SEED, SOURCE, TEST_SEED, TestKey, treeRoot } from "./crypto.ts";
import { otherKeyCases, publishedCases, witnessCases } from "./journal-checkpoints.ts";
import { contentCases } from "./journal-contents.ts";
import { keyJournalCases } from "./key-journals.ts";
import { checkpointText, headText, segmentPath, smallEvent, TestJournal } from "./journal.ts";

/** A journal's files, what it is held against, and what its check must find. */
export interface JournalCase {
  readonly name: string;
  /** By path; everything is UTF-8. */
  readonly files: Readonly<Record<string, string>>;
  /** The vkey to pin. */
  readonly key?: string;
  readonly checkpoint?: string;
  /** The vkeys of witnesses to pin. */
  readonly witnesses?: readonly string[];
  /** How old the newest cosignature may be. */
  readonly maxAgeMs?: number;
  /** The secret of a journal that is sealed with one. */
  readonly secretKey?: string;
  /** What opening is done with, where it is not the file's `signingKey`. */
  readonly signingKey?: string;
  /** Instead of a verdict: the check is refused with this code. */
  readonly error?: string;
  readonly verdict?: Verdict;
  readonly firstBad?: number | null;
  readonly size?: number;
  readonly root?: string;
  readonly unsealed?: { readonly entries: number; readonly bytes: number };
  readonly anchored?: {
    readonly size: number;
    readonly by: "checkpoint" | "witnesses";
    readonly witnesses: readonly string[];
    readonly at: string | null;
  } | null;
  /** Where it is not "checkpoint" with a checkpoint and "none" without. */
  readonly freshness?: "none" | "checkpoint" | "witnessed";
  readonly contents?: {
    readonly checked: number;
    readonly absent: number;
    readonly erased: number;
    readonly unerased: number;
  };
  /** What opening for writing does: sets so many pieces aside, or refuses with a code. */
  readonly opening?: { readonly recovered: number } | { readonly error: string };
}

const key = new TestKey("test.example/vectors", TEST_SEED);
const stranger = new TestKey("test.example/vectors", OTHER_SEED);
const witness = new TestKey("witness.example/w", OTHER_SEED);

/** Commits of these sizes; a new segment in front of those that stand in a list of their own. */
function journalOf(...segments: readonly (readonly number[])[]): TestJournal {
  const journal = new TestJournal(key);
  for (const [index, commits] of segments.entries()) {
    if (index > 0) journal.rotate();
    for (const count of commits) journal.commit(count);
  }
  return journal;
}

type Files = Record<string, string>;
type Verdict =
  | "intact"
  | "tampered"
  | "corrupt"
  | "truncated"
  | "rolled-back"
  | "forked"
  | "re-signed"
  | "re-created"
  | "wrong-key"
  | "stale";
type Expected = Omit<JournalCase, "name" | "files">;

/** So many entries before the first finding. */
function found(
  journal: TestJournal,
  size: number,
  verdict: Verdict = "intact",
  firstBad: number | null = null,
): { verdict: Verdict; firstBad: number | null; size: number; root: string } {
  return { verdict, firstBad, size, root: base64(treeRoot(journal.hashes.slice(0, size))) };
}

/** Intact with all entries, and openable. */
function fine(journal: TestJournal): Expected {
  const unsealed = { entries: 0, bytes: 0 };
  return { ...found(journal, journal.size), unsealed, opening: { recovered: 0 } };
}

/** Intact up to a tail that recovery sets aside. */
function tail(journal: TestJournal, size: number, unsealed: readonly [number, number]): Expected {
  const [entries, bytes] = unsealed;
  return {
    ...found(journal, size),
    unsealed: { entries, bytes },
    opening: { recovered: 1 },
  };
}

/** Not intact: nothing opens it for writing. */
function broken(verdict: Verdict, firstBad: number, journal: TestJournal, size: number): Expected {
  return { ...found(journal, size, verdict, firstBad), opening: { error: "JOURNAL_DAMAGED" } };
}

function last(journal: TestJournal): string {
  return segmentPath(journal.segments.at(-1)!.first);
}

/** The files with the last segment's text changed. */
function edited(journal: TestJournal, edit: (text: string) => string): Files {
  const files = journal.files();
  const path = last(journal);
  return { ...files, [path]: edit(files[path]!) };
}

function without(files: Files, ...paths: readonly string[]): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path)));
}

function lineBytes(journal: TestJournal, ...indexes: readonly number[]): number {
  return indexes.reduce((sum, index) => sum + Buffer.byteLength(journal.lines[index]!) + 1, 0);
}

/** Zeros in place of the middle of a line. */
function hole(text: string, line: string): string {
  return text.replace(line, `${line.slice(0, 20)}${"\0".repeat(60)}${line.slice(80)}`);
}

function sound(): JournalCase[] {
  const empty = journalOf([]);
  const one = journalOf([2, 1]);
  const many = journalOf([2, 1], [3], [1, 1]);
  const rotated = journalOf([2], [1], []);
  const files = many.files();
  const { origin, publicKey } = JSON.parse(files["stele.json"]!) as Record<string, string>;
  const bare = JSON.stringify({ stele: 1, origin, publicKey }, undefined, 2);
  const more = { ...files, "ledger/00000000000000000008.jsonl.tmp": "{", "tile/0/000.p/8": "x" };
  return [
    { name: "an empty journal", files: empty.files(), ...fine(empty) },
    { name: "two commits", files: one.files(), ...fine(one) },
    { name: "three segments", files, ...fine(many) },
    { name: "a new segment without entries", files: rotated.files(), ...fine(rotated) },
    { name: "no head", files: without(files, "head"), ...fine(many) },
    { name: "a torn head", files: { ...files, head: "\0".repeat(64) }, ...fine(many) },
    { name: "a short head", files: { ...files, head: files["head"]!.slice(0, 63) }, ...fine(many) },
    { name: "an old head", files: { ...files, head: headText(3, 0, 0) }, ...fine(many) },
    {
      name: "a manifest as other writers make it",
      files: { ...files, "stele.json": bare },
      ...fine(many),
    },
    { name: "files that are no part of the ledger", files: more, ...fine(many) },
    { name: "the right key", files, key: key.vkey, ...fine(many) },
  ];
}

function tails(): JournalCase[] {
  const open = journalOf([2, 1]);
  const { files: sealed, head } = { files: open.files(), head: open.head() };
  open.append(smallEvent(3));
  open.append(smallEvent(4));
  const entries = { ...open.files(), head };
  const afterRotation = journalOf([2], []);
  const rotatedHead = headText(2, 0, 0);
  afterRotation.append(smallEvent(2));
  const cut = edited(open, (text) => text.slice(0, -100));
  const line3 = lineBytes(open, 6);
  const both = lineBytes(open, 6, 7);
  const zeros = { ...sealed, [last(open)]: `${sealed[last(open)]!}${"\0".repeat(700)}` };
  return [
    { name: "entries without a seal", files: entries, ...tail(open, 3, [2, both]) },
    { name: "an entry that is cut off", files: cut, ...tail(open, 3, [1, both - 100]) },
    { name: "zeros behind the last seal", files: zeros, ...tail(open, 3, [0, 700]) },
    {
      name: "an entry and zeros",
      files: { ...sealed, [last(open)]: zerosBehind(open) },
      ...tail(open, 3, [1, line3 + 9]),
    },
    {
      name: "an entry without a seal in a new segment",
      files: { ...afterRotation.files(), head: rotatedHead },
      ...tail(afterRotation, 2, [1, lineBytes(afterRotation, 1)]),
    },
    ...tornCommits(),
  ];
}

function zerosBehind(journal: TestJournal): string {
  return `${journal.lines.slice(0, 7).join("\n")}\n${"\0".repeat(9)}`;
}

/** A commit of entries 3 and 4 behind one of three, of which a crash left less than all. */
function tornCommits(): JournalCase[] {
  const journal = journalOf([3]);
  const before = journal.head();
  journal.commit(2);
  const bytes = lineBytes(journal, 5, 6, 7);
  const holed = (head: string): Files => ({
    ...edited(journal, (text) => hole(text, journal.lines[6]!)),
    head,
  });
  const cutSeal = { ...edited(journal, (text) => text.slice(0, -1)), head: before };
  const middle = { ...edited(journal, (text) => hole(text, journal.lines[7]!)), head: before };
  const refused = broken("tampered", 4, journal, 3);
  return [
    { name: "a seal without its newline", files: cutSeal, ...tail(journal, 3, [2, bytes - 1]) },
    { name: "zeros in the seal", files: middle, ...tail(journal, 3, [2, bytes]) },
    {
      name: "zeros in front of the last seal, not yet in the head",
      files: holed(before),
      ...tail(journal, 3, [1, bytes]),
    },
    {
      name: "zeros in front of the last seal, a torn head",
      files: holed("\0".repeat(64)),
      ...tail(journal, 3, [1, bytes]),
    },
    {
      name: "zeros in front of the last seal, no head",
      files: without(holed(before), "head"),
      ...refused,
    },
    {
      name: "zeros in front of the last seal, which is in the head",
      files: holed(journal.head()),
      ...refused,
    },
  ];
}

function damage(): JournalCase[] {
  const journal = journalOf([2], [2]);
  const before = journal.head();
  journal.commit(1);
  const [, entry2, , , entry4] = journal.lines;
  const flipped = edited(journal, (text) => text.replace('{"i":4}', '{"i":5}'));
  const unsealedBad = journalOf([2]);
  unsealedBad.append(smallEvent(2));
  const badTail = edited(unsealedBad, (text) => text.replace('{"i":2}', '{"i":3}'));
  const short = edited(journal, (text) => text.slice(0, text.indexOf(entry4!)));
  const twoBehind = edited(journal, (text) => hole(text, entry2!));
  const garbage = edited(journal, (text) => `${hole(text, entry4!)}{"a":1}\n`);
  return [
    {
      name: "a changed byte in the last commit",
      files: flipped,
      ...broken("tampered", 4, journal, 4),
    },
    {
      name: "a changed byte in the last commit, an old head",
      files: { ...flipped, head: before },
      ...broken("tampered", 4, journal, 4),
    },
    {
      name: "a changed byte behind the last seal",
      files: badTail,
      ...broken("tampered", 2, unsealedBad, 2),
    },
    { name: "the last commit cut off", files: short, ...broken("truncated", 4, journal, 4) },
    {
      name: "the last segment deleted",
      files: without(journal.files(), segmentPath(2)),
      ...broken("truncated", 2, journal, 2),
    },
    {
      name: "zeros with two seals behind them",
      files: { ...twoBehind, head: headText(2, 0, 0) },
      ...broken("tampered", 2, journal, 2),
    },
    {
      name: "zeros, a seal, and something behind it",
      files: { ...garbage, head: before },
      ...broken("tampered", 4, journal, 4),
    },
    ...closedSegments(),
  ];
}

function closedSegments(): JournalCase[] {
  const rotated = journalOf([2], [1], []);
  const journal = journalOf([2, 1], [2], [1]);
  const files = journal.files();
  const [first, second, third] = [0, 3, 5].map(segmentPath) as [string, string, string];
  const sealLine = files[first]!.trimEnd().split("\n").at(-1)!;
  const unsealed = { ...files, [first]: files[first]!.replace(`${sealLine}\n`, "") };
  const entry = `${journal.segments[1]!.lines[1]!}\n`;
  const longer = { ...files, [first]: files[first]! + entry };
  const shorter = { ...files, [first]: `${journal.segments[0]!.lines.slice(0, 4).join("\n")}\n` };
  const renamed = { ...without(files, second), [segmentPath(4)]: files[second]! };
  const badHeader = { ...files, [second]: files[second]!.replace('"stele":1', '"stele":0') };
  const fork = forkedSegment();
  const start = { ...files, [first]: files[first]!.replace("0".repeat(64), "1".repeat(64)) };
  return [
    {
      name: "the first segment deleted",
      files: without(files, first),
      ...broken("tampered", 0, journal, 0),
    },
    {
      name: "a segment in the middle deleted",
      files: without(files, second),
      ...broken("tampered", 3, journal, 3),
    },
    {
      name: "all segments deleted",
      files: without(files, first, second, third),
      ...broken("tampered", 0, journal, 0),
    },
    {
      name: "a closed segment without its last seal",
      files: unsealed,
      ...broken("tampered", 2, journal, 2),
    },
    {
      name: "a closed segment without its last commit",
      files: shorter,
      ...broken("tampered", 2, journal, 2),
    },
    {
      name: "a closed segment with an entry behind its last seal",
      files: longer,
      ...broken("tampered", 3, journal, 3),
    },
    {
      name: "a new segment without entries whose header has another frontier",
      files: edited(rotated, (text) => text.replace(/\["[0-9a-f]{64}/, `["${"ab".repeat(32)}`)),
      ...broken("tampered", 3, rotated, 3),
    },
    { name: "a segment under another name", files: renamed, ...broken("corrupt", 4, journal, 3) },
    // Opening costs one segment: of closed ones it looks at the name and the last line.
    {
      name: "a segment with a malformed header",
      files: badHeader,
      ...found(journal, 3, "corrupt", 3),
    },
    {
      name: "a segment that continues another journal",
      files: { ...files, ...fork },
      ...found(journal, 3, "tampered", 3),
    },
    {
      name: "a first segment that names a predecessor",
      files: start,
      ...found(journal, 0, "tampered", 0),
    },
  ];
}

/** Segments 3 and 5 of a journal whose first entries were others. */
function forkedSegment(): Files {
  const other = new TestJournal(key);
  other.append('{"type":"test.other"}');
  other.commit(2);
  other.rotate();
  other.commit(2);
  other.rotate();
  other.commit(1);
  return without(other.files(), segmentPath(0), "stele.json", "head");
}

function evidence(): JournalCase[] {
  const journal = journalOf([2, 1], [3]);
  const files = journal.files();
  const early = journalOf([2]).note();
  const text = journal.checkpoint();
  const midway = checkpointText(key.name, 5, treeRoot(journal.hashes.slice(0, 5)));
  const sign = (note: string): string => `${note}\n${key.signatureLine(note)}`;
  const longer = journalOf([2, 1], [3, 1]);
  const fork = sign(checkpointText(key.name, 3, "ab".repeat(32)));
  const both = `${journal.note()}${witness.signatureLine(text)}`;
  const good = found(journal, 6);
  const rolledBack = found(journal, 6, "rolled-back", 6);
  const forked = found(journal, 6, "forked", 0);
  const foreign = `${text}\n${stranger.signatureLine(text)}`;
  const otherName = sign(checkpointText("other.example", 3, "ab".repeat(32)));
  return [
    { name: "a checkpoint of the last seal", files, checkpoint: journal.note(), ...good },
    { name: "a checkpoint with a witness's signature", files, checkpoint: both, ...good },
    { name: "an early checkpoint", files, checkpoint: early, ...good },
    { name: "a checkpoint between two seals", files, checkpoint: sign(midway), ...good },
    { name: "a checkpoint of more entries", files, checkpoint: longer.note(), ...rolledBack },
    { name: "a checkpoint of other entries", files, checkpoint: fork, ...forked },
    { name: "a checkpoint by another key", files, checkpoint: foreign, error: "NOTE_UNVERIFIED" },
    {
      name: "a checkpoint of another journal",
      files,
      checkpoint: otherName,
      error: "CHECKPOINT_MALFORMED",
    },
    { name: "a checkpoint that is none", files, checkpoint: "x", error: "NOTE_MALFORMED" },
  ];
}

function unreadable(): JournalCase[] {
  const files = journalOf([2]).files();
  const manifestWith = (change: object): Files => ({
    ...files,
    "stele.json": JSON.stringify({ ...(JSON.parse(files["stele.json"]!) as object), ...change }),
  });
  const newer = { ...files, [segmentPath(0)]: files[segmentPath(0)]!.replace(":1,", ":2,") };
  const cases: readonly (readonly [name: string, files: Files, error: string])[] = [
    ["no manifest", without(files, "stele.json"), "JOURNAL_NOT_A_JOURNAL"],
    ["a manifest of format 2", manifestWith({ stele: 2 }), "JOURNAL_NEWER_FORMAT"],
    ["a segment of format 2", newer, "JOURNAL_NEWER_FORMAT"],
    ["a manifest that is no JSON", { ...files, "stele.json": "{" }, "MANIFEST_MALFORMED"],
    ["a manifest without an origin", manifestWith({ origin: undefined }), "MANIFEST_MALFORMED"],
    ["a segment size of zero", manifestWith({ segmentBytes: 0 }), "MANIFEST_MALFORMED"],
  ];
  return cases.map(([name, changed, error]) => ({
    name,
    files: changed,
    error,
    opening: { error },
  }));
}

/** Whole journals, each with what its check must find. */
export function journalCases(): object {
  return {
    source: SOURCE,
    description:
      "Whole journals as files by path, beside an empty directory ledger; spec/verdict.md " +
      "says what is checked. Members of the verdict are stated where the case decides them. " +
      "opening: what opening for writing does with signingKey (spec/recovery.md): how many " +
      "pieces it sets aside, or the code with which it refuses. keys and keyAttacks: journals " +
      "with several keys (spec/keys.md); a case may state the secretKey that the check is " +
      "given, and a signingKey of its own. published: journals with a checkpoint file; " +
      "witnesses: with witnesses to pin, and maxAgeMs, how old the newest cosignature may be; " +
      "otherKeys: under a pinned key that is not theirs.",
    vkey: key.vkey,
    signingKey: key.skey,
    intact: [...sound(), ...tails()],
    notIntact: damage(),
    contents: contentCases(),
    evidence: evidence(),
    published: publishedCases(),
    witnesses: witnessCases(),
    otherKeys: otherKeyCases(),
    unreadable: unreadable(),
    ...keyJournalCases(),
  };
}
