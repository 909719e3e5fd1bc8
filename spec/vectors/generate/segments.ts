import { malleable, OTHER_SEED, SOURCE, TEST_SEED, TestKey, treeRoot, base64 } from "./crypto.ts";
import { keySegmentCases } from "./key-segments.ts";
import {
  checkpointText,
  entryLine,
  sealLine,
  smallEvent,
  TestJournal,
  type Leaf,
} from "./journal.ts";

/** A segment and what its check must find. */
export interface SegmentCase {
  readonly name: string;
  readonly lines: readonly string[];
  /** Instead of the other expectations: the header is refused with this code. */
  readonly error?: string;
  readonly verdict?: "intact" | "tampered" | "corrupt" | "re-signed";
  /** The entry of the first finding. */
  readonly firstBad?: number | null;
  /** Sealed and checked before the first finding. */
  readonly size?: number;
  readonly root?: string;
  /** Good entries behind the last good seal, before the first finding. */
  readonly unsealed?: number;
}

const key = new TestKey("test.example/vectors", TEST_SEED);
const otherKey = new TestKey("test.example/vectors", OTHER_SEED);
const witness = new TestKey("witness.example/w", OTHER_SEED);

/** Entries 0 and 1, a seal, entry 2, a seal. */
function twoCommits(): TestJournal {
  const journal = new TestJournal(key);
  journal.commit(2);
  journal.commit(1);
  return journal;
}

function atSize(journal: TestJournal, size: number): { size: number; root: string } {
  return { size, root: base64(treeRoot(journal.hashes.slice(0, size))) };
}

function intact(name: string, journal: TestJournal, size: number): SegmentCase {
  const unsealed = journal.size - size;
  const { lines } = journal;
  return { name, lines, verdict: "intact", firstBad: null, ...atSize(journal, size), unsealed };
}

/** What is wrong with a mangled segment: verdict, entry, size before it, good entries between. */
type Wrong = readonly [
  verdict: "tampered" | "corrupt" | "re-signed",
  seq: number,
  size: number,
  more?: number,
];

/** `twoCommits` with its lines changed. */
function mangled(name: string, wrong: Wrong, edit: (lines: string[]) => void): SegmentCase {
  const journal = twoCommits();
  const lines = [...journal.lines];
  edit(lines);
  const [verdict, firstBad, size, unsealed = 0] = wrong;
  return { name, lines, verdict, firstBad, ...atSize(journal, size), unsealed };
}

/** `twoCommits` with another entry 2, whose hash is right, and a seal over it. */
function badEntry(name: string, verdict: "tampered" | "corrupt", leaf: string): SegmentCase {
  return mangled(name, [verdict, 2, 2], (lines) => {
    lines[4] = entryLine(leaf);
  });
}

/** `twoCommits` with another last seal. */
function badSeal(name: string, seal: string, verdict: Wrong[0] = "tampered") {
  // A seal that is no line at all stands behind entry 2; a false one leaves entry 2 in doubt.
  const seq = verdict === "corrupt" ? 3 : 2;
  return mangled(name, [verdict, seq, 2, 1], (lines) => {
    lines[5] = seal;
  });
}

function nextLeaf(leaf: Partial<Leaf>): string {
  const journal = new TestJournal(key);
  journal.commit(2);
  return journal.leaf({ event: smallEvent(2), ...leaf });
}

function eventOf(event: string): string {
  return nextLeaf({ event });
}

function nested(depth: number): string {
  return `${'{"a":'.repeat(depth)}0${"}".repeat(depth)}`;
}

/** The next leaf, with an event that makes it so long. */
function leafOf(sizeBytes: number): string {
  const shortest = eventOf('{"type":"a","text":""}').length;
  return eventOf(`{"type":"a","text":"${"x".repeat(sizeBytes - shortest)}"}`);
}

function accepted(): SegmentCase[] {
  const longest = new TestJournal(key);
  longest.commit(2);
  longest.append(
    `{"type":"a","text":"${"x".repeat(65_535 - eventOf('{"type":"a","text":""}').length)}"}`,
  );
  longest.seal();
  const odd = new TestJournal(key);
  odd.append('{"type":"a","text":"é€😀\\u00e9\\n\\/\u007f"}');
  odd.append('{"type":"a","numbers":[0,-0,1.0,1E+2,0.1e-7,123456789012345678901234567890]}');
  odd.append('{"type":"a","empty":[{},[],"",null,true,false]}');
  odd.append('{"type":"a","type":"b"}');
  odd.append(nested(256));
  odd.append("{}");
  odd.append('{"type":"a"}', "2020-02-30T25:61:61.999Z");
  odd.seal();
  const later = new TestJournal(key);
  later.commit(5);
  later.rotate();
  later.commit(2);
  const unsealed = twoCommits();
  unsealed.append(smallEvent(3));
  unsealed.append(smallEvent(4));
  const one = new TestJournal(key);
  one.commit(1);
  const fewerSeals = twoCommits();
  fewerSeals.lines.splice(3, 1);
  return [
    intact("a header alone", new TestJournal(key), 0),
    intact("one commit", one, 1),
    intact("two commits", twoCommits(), 3),
    intact("a segment that starts at entry 5", later, 7),
    intact("a leaf of 65,535 bytes", longest, 3),
    intact("entries behind the last seal", unsealed, 3),
    intact("a seal is missing that a later one makes up for", fewerSeals, 3),
    intact("events that only grammar limits, nested 256 deep, and times that step back", odd, 7),
  ];
}

function mangledLines(): SegmentCase[] {
  const swap = (lines: string[], index: number): void => {
    lines.splice(index, 2, lines[index + 1]!, lines[index]!);
  };
  const replace = (lines: string[], index: number, from: string | RegExp, to: string): void => {
    lines[index] = lines[index]!.replace(from, to);
  };
  const upper = (lines: string[]): void => {
    lines[2] = lines[2]!.replace(/[0-9a-f]{64}(?="\}$)/, (hash) => hash.toUpperCase());
  };
  return [
    mangled("a byte of an event", ["tampered", 1, 0, 1], (l) => replace(l, 2, '"i":1', '"i":7')),
    mangled("a byte of a hash", ["tampered", 0, 0], (l) => replace(l, 1, /.(?="\}$)/, "x")),
    mangled("a hash in capitals", ["tampered", 1, 0, 1], upper),
    mangled("a hash under another name", ["corrupt", 1, 0, 1], (l) =>
      replace(l, 2, '"hash"', '"hush"'),
    ),
    mangled("no hash", ["corrupt", 1, 0, 1], (l) => replace(l, 2, /,"hash".*/, "}")),
    mangled("two entries swapped", ["tampered", 0, 0], (l) => swap(l, 1)),
    mangled("an entry and its seal swapped", ["tampered", 0, 0, 1], (l) => swap(l, 2)),
    mangled("a seal and the next entry swapped", ["tampered", 0, 0, 3], (l) => swap(l, 3)),
    mangled("an entry deleted", ["tampered", 0, 0], (l) => void l.splice(1, 1)),
    mangled(
      "the last entry of a commit deleted",
      ["tampered", 0, 0, 1],
      (l) => void l.splice(2, 1),
    ),
    mangled("an entry twice", ["tampered", 1, 0, 1], (l) => void l.splice(1, 0, l[1]!)),
    mangled("a seal twice", ["tampered", 2, 2], (l) => void l.splice(3, 0, l[3]!)),
    mangled("the header twice", ["corrupt", 0, 0], (l) => void l.splice(1, 0, l[0]!)),
    mangled("an empty line", ["corrupt", 0, 0], (l) => void l.splice(1, 0, "")),
    mangled("a space behind a line", ["corrupt", 0, 0], (l) => replace(l, 1, /$/, " ")),
    mangled("a carriage return behind a line", ["corrupt", 1, 0, 1], (l) =>
      replace(l, 2, /$/, "\r"),
    ),
    mangled("a carriage return behind a seal", ["tampered", 0, 0, 2], (l) =>
      replace(l, 3, /$/, "\r"),
    ),
    mangled("two lines joined", ["tampered", 0, 0], (l) => void l.splice(1, 2, l[1]! + l[2]!)),
    mangled("a line cut in two", ["corrupt", 0, 0], (l) => {
      l.splice(1, 1, l[1]!.slice(0, 100), l[1]!.slice(100));
    }),
    mangled("a line of another program", ["corrupt", 2, 2], (l) => void l.splice(4, 0, '{"a":1}')),
  ];
}

function falseEntries(): SegmentCase[] {
  const good = nextLeaf({});
  return [
    badEntry("another predecessor", "tampered", nextLeaf({ prev: "1".repeat(64) })),
    badEntry("a gap in the numbers", "tampered", nextLeaf({ seq: "3" })),
    badEntry("a number with a leading zero", "tampered", nextLeaf({ seq: "02" })),
    badEntry("a number as a string", "tampered", nextLeaf({ seq: '"2"' })),
    badEntry(
      "members in another order",
      "corrupt",
      good.replace(/("seq":2),("prev":"[^"]*")/, "$2,$1"),
    ),
    badEntry("a space in front of a colon", "corrupt", good.replace('"seq":', '"seq" :')),
    badEntry("an additional member", "corrupt", `${good.slice(0, -1)},"note":1}`),
    badEntry("a time without milliseconds", "corrupt", nextLeaf({ time: "2026-11-20T23:35:32Z" })),
    badEntry("a time with an offset", "corrupt", nextLeaf({ time: "2026-11-20T23:35:32+00:00" })),
    badEntry("a year of five digits", "corrupt", nextLeaf({ time: "+12026-11-20T23:35:32.000Z" })),
    badEntry("an event that is an array", "corrupt", eventOf("[]")),
    badEntry("an event that is a string", "corrupt", eventOf('"a"')),
    badEntry("an event with white space", "corrupt", eventOf('{"type": "a"}')),
    badEntry("an event that is cut short", "corrupt", eventOf('{"type":"a"')),
    badEntry("an event with something behind it", "corrupt", eventOf('{"type":"a"}{}')),
    badEntry("an event with a trailing comma", "corrupt", eventOf('{"type":"a",}')),
    badEntry("a number with a leading zero in an event", "corrupt", eventOf('{"type":"a","n":01}')),
    badEntry("NaN in an event", "corrupt", eventOf('{"type":"a","n":NaN}')),
    badEntry("a tab in a string of an event", "corrupt", eventOf('{"type":"\t"}')),
    badEntry("an unknown escape in an event", "corrupt", eventOf('{"type":"\\x41"}')),
    badEntry("a leaf of 65,536 bytes", "corrupt", leafOf(65_536)),
    badEntry("an event nested 257 deep", "corrupt", eventOf(nested(257))),
  ];
}

function falseSeals(): SegmentCase[] {
  const journal = twoCommits();
  const text = journal.checkpoint();
  const line = key.signatureLine(text);
  const signed = (other: string): string => sealLine(`${other}\n${key.signatureLine(other)}`);
  const signature = key.sign(text);
  const broken = Buffer.from(signature);
  broken[0]! ^= 1;
  const lax = line.replace(/.(?==\n$)/, (letter) => String.fromCharCode(letter.charCodeAt(0) + 1));
  const good = journal.lines[5]!;
  return [
    badSeal(
      "a signature with a flipped bit",
      sealLine(`${text}\n${key.signatureLine(text, broken)}`),
    ),
    badSeal(
      "a malleable signature (S + L)",
      sealLine(`${text}\n${key.signatureLine(text, malleable(signature))}`),
    ),
    badSeal(
      "a signature of another key",
      sealLine(`${text}\n${otherKey.signatureLine(text)}`),
      "re-signed",
    ),
    badSeal(
      "a signature under another name",
      sealLine(`${text}\n${witness.signatureLine(text)}`),
      "re-signed",
    ),
    badSeal("a seal over a larger size", signed(checkpointText(key.name, 4, journal.root))),
    badSeal("a seal over another root", signed(checkpointText(key.name, 3, "ab".repeat(32)))),
    badSeal("a seal of another journal", signed(checkpointText("other.example", 3, journal.root))),
    badSeal("a seal with an extension line", signed(`${text}extension\n`)),
    badSeal("a size with a leading zero", signed(text.replace("\n3\n", "\n03\n"))),
    badSeal("a seal without a signature", sealLine(`${text}\n`)),
    badSeal(
      "a seal with a witness's signature",
      sealLine(`${text}\n${line}${witness.signatureLine(text)}`),
    ),
    badSeal("the signature twice", sealLine(`${text}\n${line}${line}`)),
    badSeal("base64 whose unused bits are set", sealLine(`${text}\n${lax}`)),
    badSeal("base64 without padding", sealLine(`${text}\n${line.replace("=", "")}`)),
    badSeal("a note without its last newline", sealLine(`${text}\n${line}`.slice(0, -1))),
    badSeal("the dash as an escape", good.replace("—", "\\u2014")),
    badSeal("a newline as another escape", good.replace("\\n", "\\u000a")),
    badSeal("a second member", good.replace(/\}$/, ',"a":1}')),
    badSeal("white space in the line", good.replace(":", ": "), "corrupt"),
    badSeal("a seal that is no note", sealLine("seal")),
    badSeal("a seal that is no string", '{"seal":1}', "corrupt"),
    badSeal("a seal whose string does not end", good.slice(0, -2), "corrupt"),
    emptySeal(),
  ];
}

function emptySeal(): SegmentCase {
  const journal = new TestJournal(key);
  journal.seal();
  const { lines } = journal;
  const name = "a seal over no entries";
  return { name, lines, verdict: "tampered", firstBad: 0, ...atSize(journal, 0), unsealed: 0 };
}

function headers(): SegmentCase[] {
  const journal = new TestJournal(key);
  journal.commit(5);
  const header = journal.rotate();
  journal.commit(2);
  const withHeader = (name: string, line: string, error: string): SegmentCase => ({
    name,
    lines: [line, ...journal.lines.slice(1)],
    error,
  });
  const damaged = (name: string, from: string | RegExp, to: string): SegmentCase =>
    withHeader(name, header.replace(from, to), "JOURNAL_DAMAGED");
  const otherPrev: SegmentCase = {
    name: "another predecessor in the header",
    lines: [header.replace(/[0-9a-f]{64}/, "0".repeat(64)), ...journal.lines.slice(1)],
    verdict: "tampered",
    firstBad: 5,
    ...atSize(journal, 5),
    unsealed: 0,
  };
  return [
    withHeader("a header of format 2", header.replace(":1,", ":2,"), "JOURNAL_NEWER_FORMAT"),
    damaged("a header of format 0", ":1,", ":0,"),
    damaged("a header with a space", ":1,", ": 1,"),
    damaged("a header with another member", /\}$/, ',"a":1}'),
    damaged("a header with members in another order", /("origin":[^,]*),("first":5)/, "$2,$1"),
    damaged("a header without a frontier", /,"frontier".*/, "}"),
    damaged("a frontier of one hash too few", /,"[0-9a-f]{64}"\]/, "]"),
    damaged(
      "a frontier in capitals",
      /\["[^"]*"/,
      (header.match(/\["[^"]*"/) ?? [""])[0].toUpperCase(),
    ),
    damaged("a negative number", ":5,", ":-5,"),
    damaged("a number beyond 2^53 - 1", ":5,", ":9007199254740992,"),
    damaged("an origin with a space", "test.example/vectors", "test example"),
    damaged("an origin with a plus", "test.example/vectors", "test+example"),
    damaged("an entry in place of the header", /.*/, journal.lines[1]!),
    otherPrev,
  ];
}

/** Segments, one after the other, each with what its check must find. */
export function segmentCases(): object {
  return {
    source: SOURCE,
    description:
      "One segment each, as its lines without newlines; the check is of spec/ledger.md " +
      "section 7. verdict, firstBad (an entry's seq), size and root (of the last good seal " +
      "before the first finding), unsealed (good entries between that seal and the first " +
      "finding or the end). With error, the header itself is refused with that code. keys: " +
      "entries about keys (spec/keys.md); a case may state what the segment is sealed by " +
      "(vkey, with secretKey an HMAC key), the recoveryKey that the check is given, and " +
      "nextKey, which the last good seal leads to.",
    origin: key.name,
    vkey: key.vkey,
    accepted: accepted(),
    refused: [...mangledLines(), ...falseEntries(), ...falseSeals(), ...headers()],
    keys: keySegmentCases(),
  };
}
