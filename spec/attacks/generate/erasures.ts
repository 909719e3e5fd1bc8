import { hmac } from "../../vectors/generate/crypto.ts";
import { smallEvent, TestJournal } from "../../vectors/generate/journal.ts";
import { first, found, intact, opens, PINNED, published } from "./base.ts";
import type { AttackCase, Expected } from "./case.ts";

const PATH = "content/00000000000000000000.jsonl";

/** Public; a real salt is random. */
const SALT = Buffer.alloc(32, 0xe0);

/** An event with the content "prompt". */
function eventWith(text: string): string {
  const commitment = hmac(SALT, "stele/content/v1\0", "prompt\0", text);
  const prompt = { mediaType: "text/plain; charset=utf-8", size: text.length, commitment };
  return JSON.stringify({ type: "tool.call", content: { prompt } });
}

/** That the content of entry `seq` was erased. */
function erasureOf(seq: number): string {
  const contents = [{ from: seq, to: seq, names: ["prompt"] }];
  return JSON.stringify({
    type: "stele.erased",
    data: { contents, reason: "asked to", by: "privacy@acme.example" },
  });
}

function lineOf(seq: number, text: string): string {
  const content = { prompt: { salt: SALT.toString("hex"), text } };
  return `${JSON.stringify({ seq, content })}\n`;
}

function tombstone(seq: number, by: number): string {
  return `${JSON.stringify({ seq, content: {}, erased: { prompt: by } })}\n`;
}

/** Entries 0, 1 and 2 have contents; entry 4 says that the one of entry 1 was erased. */
function withErasure(last: readonly string[] = [erasureOf(1)]): TestJournal {
  const journal = new TestJournal(first);
  for (const text of ["paid 100", "my name is Ada", "paid 200"]) journal.append(eventWith(text));
  journal.append(smallEvent(3));
  journal.seal();
  for (const event of last) journal.append(event);
  if (last.length > 0) journal.seal();
  return journal;
}

const [zero, one, two] = [
  lineOf(0, "paid 100"),
  lineOf(1, "my name is Ada"),
  lineOf(2, "paid 200"),
];
const ERASED = zero + tombstone(1, 4) + two;

function at(
  name: string,
  given: { readonly what: string; readonly journal?: TestJournal },
  content: string,
  expect: Expected,
): AttackCase {
  const { what, journal = withErasure() } = given;
  return { name, what, files: { ...published(journal), [PATH]: content }, given: PINNED, expect };
}

function tampered(seq: number, size = 5): Expected {
  return found("tampered", seq, size);
}

/** Contents that are gone, rightly or not. */
export function erasureCases(): readonly AttackCase[] {
  return [
    {
      ...at("good/erased", { what: "A content was erased; an entry says so." }, ERASED, intact(5)),
      opening: opens(),
    },
    at(
      "good/erasure-unfinished",
      {
        what:
          "A crash came between the entry that says so and the erasing; or somebody who kept a " +
          "copy put the content back. It matches, and is counted as `unerased`.",
      },
      zero + one + two,
      intact(5),
    ),
    ...withoutEntry(),
    ...withEntry(),
  ];
}

/** No entry says that the content went. */
function withoutEntry(): AttackCase[] {
  const none = withErasure([]);
  return [
    at(
      "erasure-forged",
      {
        what:
          "Files only: a content is removed, and its line says that an entry erased it that is " +
          "not there.",
        journal: none,
      },
      zero + tombstone(1, 4) + two,
      tampered(1, 4),
    ),
    at(
      "erasure-forged-other-entry",
      {
        what: "Files only: the same, and the line names an entry of another kind.",
        journal: none,
      },
      zero + tombstone(1, 3) + two,
      tampered(1, 4),
    ),
    at(
      "erasure-entry-removed",
      {
        what:
          "Files only: a content was erased; the entry that says so is cut off with all " +
          "traces.",
        journal: none,
      },
      ERASED,
      tampered(1, 4),
    ),
    at(
      "erasure-look-alike",
      {
        what: "An entry says the same under another type, as any caller can record it.",
        journal: withErasure([erasureOf(1).replace("stele.erased", "stele-erased")]),
      },
      ERASED,
      tampered(1),
    ),
    at(
      "erasure-of-later-entry",
      {
        what: "Today's key: an entry says in advance that contents of a later one are erased.",
        journal: withErasure([erasureOf(5), eventWith("paid 300")]),
      },
      zero + one + two + tombstone(5, 4),
      tampered(5, 6),
    ),
  ];
}

/** An entry says that another content went. */
function withEntry(): AttackCase[] {
  return [
    at(
      "erasure-of-another-content",
      { what: "Files only: behind an erasure, one more content goes in its name." },
      zero + tombstone(1, 4) + tombstone(2, 4),
      tampered(2),
    ),
    at(
      "erasure-by-wrong-entry",
      { what: "Files only: the line of an erased content names another entry." },
      zero + tombstone(1, 3) + two,
      tampered(1),
    ),
    at(
      "erasure-line-removed",
      { what: "Files only: an erased content's line is removed, which a writer never does." },
      zero + two,
      tampered(1),
    ),
    at(
      "erasure-of-no-content",
      { what: "Files only: the line of an entry without contents says that one was erased." },
      zero + tombstone(1, 4) + two + tombstone(3, 4),
      tampered(3),
    ),
    at(
      "erasure-replaced",
      { what: "Files only: in the place of an erased content lies another one." },
      zero + lineOf(1, "my name is Eve") + two,
      tampered(1),
    ),
    at(
      "erasure-and-content",
      { what: "Files only: a line has a content and says that it was erased." },
      zero + one.replace("}}}\n", '}},"erased":{"prompt":4}}\n') + two,
      found("corrupt", 1, 5),
    ),
  ];
}
