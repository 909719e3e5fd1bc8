import { base64, hmac, TEST_SEED, TestKey } from "./crypto.ts";
import { smallEvent, TestJournal } from "./journal.ts";
import type { JournalCase } from "./journals.ts";

const key = new TestKey("test.example/vectors", TEST_SEED);
/** Public; a real salt is random. */
const SALT = TEST_SEED.toString("hex");
const PATH = "content/00000000000000000000.jsonl";

function commitment(field: string, text: string): string {
  return hmac(TEST_SEED, "stele/content/v1\0", `${field}\0`, text);
}

function eventWith(contents: Readonly<Record<string, string>>): string {
  const references = Object.entries(contents).map(([field, text]) => {
    const size = Buffer.byteLength(text);
    return [field, { mediaType: "text/plain", size, commitment: commitment(field, text) }];
  });
  return JSON.stringify({ type: "test.event", content: Object.fromEntries(references) as object });
}

function lineOf(seq: number, contents: Readonly<Record<string, string>>): string {
  const stored = Object.entries(contents).map(([field, text]) => [field, { salt: SALT, text }]);
  return `${JSON.stringify({ seq, content: Object.fromEntries(stored) as object })}\n`;
}

/** Entry 0 names two contents, entry 1 none, entry 2 one. */
function journalWithContents(): TestJournal {
  const journal = new TestJournal(key);
  journal.append(eventWith({ a: "first", b: "second" }));
  journal.append(smallEvent(1));
  journal.append(eventWith({ a: "third" }));
  journal.seal();
  return journal;
}

/** The same, and entry 3 says that a content of entry 0 was erased. */
function journalWithErasure(): TestJournal {
  const journal = journalWithContents();
  const contents = [{ from: 0, to: 0, names: ["b"] }];
  journal.append(JSON.stringify({ type: "stele.erased", data: { contents, reason: "asked to" } }));
  journal.seal();
  return journal;
}

/** Contents that were erased, or should have been. */
function erasureCases(): JournalCase[] {
  const journal = journalWithErasure();
  const line0 = lineOf(0, { a: "first" }).replace("}}}\n", '}},"erased":{"b":3}}\n');
  const line2 = lineOf(2, { a: "third" });
  const at = (name: string, content: string, expected: Partial<JournalCase>): JournalCase => ({
    name,
    files: { ...journal.files(), [PATH]: content },
    size: 4,
    root: base64(journal.root),
    ...expected,
  });
  const intact = { verdict: "intact", firstBad: null } as const;
  const counts = { checked: 2, absent: 0, erased: 1, unerased: 0 };
  const left = { checked: 3, absent: 0, erased: 0, unerased: 1 };
  const tampered = { verdict: "tampered", firstBad: 0 } as const;
  return [
    at("an erased content", line0 + line2, {
      ...intact,
      contents: counts,
      opening: { recovered: 0 },
    }),
    at("an erased content that lies there", lineOf(0, { a: "first", b: "second" }) + line2, {
      ...intact,
      contents: left,
    }),
    at("an erased content without a word", lineOf(0, { a: "first" }) + line2, tampered),
    at("an erased content of another entry's", line0.replace(":3}", ":1}") + line2, tampered),
  ];
}

/** A journal with contents, which are there, not there, or other ones. */
export function contentCases(): JournalCase[] {
  const journal = journalWithContents();
  const line0 = lineOf(0, { a: "first", b: "second" });
  const line2 = lineOf(2, { a: "third" });
  const at = (name: string, content: string | undefined, expected: Partial<JournalCase>) => ({
    name,
    files: { ...journal.files(), ...(content === undefined ? {} : { [PATH]: content }) },
    size: 3,
    root: base64(journal.root),
    ...expected,
  });
  const intact = { verdict: "intact", firstBad: null } as const;
  const none = { checked: 0, absent: 0, erased: 0, unerased: 0 };
  const checked = { ...none, checked: 3 };
  const wrong = (verdict: "tampered" | "corrupt", firstBad: number) => ({ verdict, firstBad });
  return [
    at("contents", line0 + line2, { ...intact, contents: checked, opening: { recovered: 0 } }),
    at("no directory for contents", undefined, { ...intact, contents: { ...none, absent: 3 } }),
    at("contents of an entry that never came", line0 + line2 + lineOf(3, { a: "x" }), {
      ...intact,
      contents: checked,
      opening: { recovered: 1 },
    }),
    at("a torn line behind the contents", `${line0}${line2}{"seq":3,"con`, {
      ...intact,
      contents: checked,
      opening: { recovered: 1 },
    }),
    at("zeros behind the contents", `${line0}${line2}${"\0".repeat(99)}`, {
      ...intact,
      contents: checked,
      opening: { recovered: 1 },
    }),
    at(
      "a line of contents missing in front of a torn one",
      `${line2}{"seq":3,"con`,
      wrong("tampered", 0),
    ),
    at("a line of contents missing", line0, wrong("tampered", 2)),
    at("one content missing", lineOf(0, { a: "first" }) + line2, wrong("tampered", 0)),
    at("another text", line0 + lineOf(2, { a: "other" }), wrong("tampered", 2)),
    at("another salt", line0 + line2.replace("00", "01"), wrong("tampered", 2)),
    at(
      "contents under each other's names",
      lineOf(0, { a: "second", b: "first" }) + line2,
      wrong("tampered", 0),
    ),
    at(
      "a content that no entry names",
      line0 + lineOf(1, { a: "x" }) + line2,
      wrong("tampered", 1),
    ),
    at("a line of contents twice", line0 + line0 + line2, wrong("tampered", 0)),
    ...erasureCases(),
  ];
}
