import { hmac } from "../../vectors/generate/crypto.ts";
import { smallEvent, TestJournal } from "../../vectors/generate/journal.ts";
import { first, found, intact, opens, PINNED, published } from "./base.ts";
import type { AttackCase, Expected } from "./case.ts";

const PATH = "content/00000000000000000000.jsonl";

/** Public; a real salt is random. */
function saltOf(seq: number): Buffer {
  return Buffer.alloc(32, 0xa0 + seq);
}

/** An event with the content "output". */
function eventWith(seq: number, text: string): string {
  const commitment = hmac(saltOf(seq), "stele/content/v1\0", "output\0", text);
  const size = Buffer.byteLength(text);
  const output = { mediaType: "text/plain; charset=utf-8", size, commitment };
  return JSON.stringify({ type: "tool.result", content: { output } });
}

function lineOf(seq: number, text: string, salt = saltOf(seq), name = "output"): string {
  const content = { [name]: { salt: salt.toString("hex"), text } };
  return `${JSON.stringify({ seq, content })}\n`;
}

/** Entries 0 and 2 have contents. */
function withContents(): TestJournal {
  const journal = new TestJournal(first);
  journal.append(eventWith(0, "paid 100"));
  journal.append(smallEvent(1));
  journal.append(eventWith(2, "paid 200"));
  journal.seal();
  return journal;
}

const files = published(withContents());
const [zero, two] = [lineOf(0, "paid 100"), lineOf(2, "paid 200")];

function at(name: string, what: string, content: string, expect: Expected): AttackCase {
  return { name, what, files: { ...files, [PATH]: content }, given: PINNED, expect };
}

function tampered(seq: number): Expected {
  return found("tampered", seq, 3);
}

/** Contents changed, swapped, removed, added: files only. */
export function contentCases(): readonly AttackCase[] {
  return [
    { ...at("good/contents", "Contents of two entries.", zero + two, intact(3)), opening: opens() },
    {
      name: "good/contents-left-out",
      what: "The journal is handed over without its contents.",
      files,
      given: PINNED,
      expect: intact(3),
    },
    at(
      "content-changed",
      "Files only: a content says something else.",
      zero + lineOf(2, "paid 900"),
      tampered(2),
    ),
    at(
      "content-swapped",
      "Files only: the contents of two entries change places.",
      lineOf(0, "paid 200", saltOf(2)) + lineOf(2, "paid 100", saltOf(0)),
      tampered(0),
    ),
    at("content-removed", "Files only: the content of an entry is removed.", zero, tampered(2)),
    at(
      "content-all-removed",
      "Files only: all contents are removed, the file is left.",
      "",
      tampered(0),
    ),
    at(
      "content-salt-changed",
      "Files only: a content's salt is another.",
      zero + lineOf(2, "paid 200", saltOf(3)),
      tampered(2),
    ),
    at(
      "content-renamed",
      "Files only: a content has another name.",
      zero + lineOf(2, "paid 200", saltOf(2), "input"),
      tampered(2),
    ),
    ...added(),
  ];
}

/** Lines too many, out of order, or malformed. */
function added(): AttackCase[] {
  const corrupt = found("corrupt", 2, 3);
  return [
    at(
      "content-added",
      "Files only: an entry without contents gets one.",
      zero + lineOf(1, "approved") + two,
      tampered(1),
    ),
    at(
      "content-twice",
      "Files only: an entry's contents come twice.",
      zero + zero + two,
      tampered(0),
    ),
    at(
      "content-out-of-order",
      "Files only: the lines of two entries change places. A writer never does that, " +
        "and who reads in order would not find what comes too late.",
      two + zero,
      tampered(0),
    ),
    at(
      "content-member-twice",
      "Files only: a content's text comes twice, so that readers may take either.",
      zero + two.replace('"text":', '"text":"paid 900","text":'),
      corrupt,
    ),
    at(
      "content-garbage",
      "Files only: a line of contents is no JSON.",
      `${zero}garbage\n`,
      corrupt,
    ),
  ];
}
