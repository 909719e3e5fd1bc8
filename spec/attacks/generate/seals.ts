import { malleable } from "../../vectors/generate/crypto.ts";
import { checkpointText, sealLine, TestJournal } from "../../vectors/generate/journal.ts";
import {
  base,
  first,
  found,
  intact,
  isEntry,
  opens,
  PINNED,
  plain,
  published,
  REFUSED,
  withLines,
  without,
} from "./base.ts";
import type { AttackCase, Expected, Files } from "./case.ts";

const journal = base();
const files = published(journal);
const lines: readonly string[] = journal.lines;

/** The last seal replaced; nothing is signed anew. */
function lastSeal(name: string, what: string, line: string): AttackCase {
  return {
    name,
    what: `Files only: ${what}.`,
    files: withLines(files, [...lines.slice(0, -1), line]),
    given: PINNED,
    expect: found("tampered", 5),
    opening: REFUSED,
  };
}

/** Seals removed, moved, or spelt in another way. */
export function sealCases(): readonly AttackCase[] {
  return [...removed(), ...moved(), ...spellings()];
}

function removed(): AttackCase[] {
  const middle = withLines(files, lines.toSpliced(5, 1));
  const bare = [lines[0]!, ...lines.filter(isEntry)];
  const stripped = withLines(files, bare);
  const bytes = Buffer.byteLength(
    bare
      .slice(1)
      .map((line) => `${line}\n`)
      .join(""),
  );
  const unsealed = { entries: 6, bytes };
  const alone = without(stripped, "head", "checkpoint");
  const strip = (name: string, what: string, left: Files, expect: Expected): AttackCase => ({
    name,
    what: `Files only: all seals are stripped${what}`,
    files: left,
    given: PINNED,
    expect: { ...expect, unsealed },
  });
  return [
    {
      name: "seal-removed-in-the-middle",
      what:
        "Files only: the seal over entry 2 is removed. The next one vouches for the same " +
        "entries, but does not end where head says.",
      files: middle,
      given: PINNED,
      expect: found("tampered", 0, 6),
      opening: REFUSED,
    },
    {
      name: "seal-removed-in-the-middle-head-removed",
      what:
        "Files only: the seal over entry 2 is removed, and head. The next one vouches for the " +
        "same entries, so this is intact: a known limit that takes nothing from the record " +
        "(ledger.md section 2).",
      files: without(middle, "head"),
      given: PINNED,
      expect: intact(6),
      opening: opens(),
    },
    { ...strip("seals-stripped", ".", stripped, found("truncated", 0)), opening: REFUSED },
    {
      ...strip(
        "seals-stripped-checkpoint-left",
        "; head is removed too.",
        without(stripped, "head"),
        found("truncated", 0),
      ),
      opening: REFUSED,
    },
    strip(
      "seals-stripped-perfectly",
      " with head and DIR/checkpoint. Nothing is vouched for, and the check says so: of no size.",
      alone,
      intact(0),
    ),
    {
      ...strip(
        "seals-stripped-perfectly-kept",
        " with head and DIR/checkpoint, but somebody kept a checkpoint.",
        alone,
        found("rolled-back", 0),
      ),
      given: { ...PINNED, checkpoint: journal.note() },
    },
  ];
}

function moved(): AttackCase[] {
  const other = new TestJournal(first);
  for (let count = 0; count < 6; count++) other.append('{"type":"test.other"}');
  const twice = lines.toSpliced(6, 0, lines[5]!);
  return [
    lastSeal(
      "seal-of-another-history",
      "the last seal is the same key's of another six entries",
      other.seal(),
    ),
    lastSeal("seal-older", "the last seal is replaced by the one before it", lines[8]!),
    {
      name: "seal-twice",
      what: "Files only: the seal over entry 2 comes twice; a seal must be over a new entry.",
      files: withLines(files, twice),
      given: PINNED,
      expect: found("tampered", 3),
      opening: REFUSED,
    },
  ];
}

function noted(text: string, signature: string): string {
  return sealLine(`${text}\n${signature}`);
}

function spellings(): AttackCase[] {
  const text = journal.checkpoint();
  const line = first.signatureLine(text);
  const root = /\n([^\n]+=)\n$/.exec(text)![1]!;
  return [
    lastSeal(
      "seal-malleable",
      "the last seal's S is S + L, a second signature that anybody can make",
      noted(text, first.signatureLine(text, malleable(first.sign(text)))),
    ),
    lastSeal(
      "seal-lax-base64-signature",
      "the last seal's signature has unused bits that are not zero",
      noted(text, lax(line)),
    ),
    lastSeal(
      "seal-lax-base64-root",
      "the last seal's root has unused bits that are not zero",
      noted(text.replace(root, lax(root)), line),
    ),
    lastSeal(
      "seal-without-padding",
      "the last seal's signature has no padding",
      noted(text, line.replace(/=+\n$/, "\n")),
    ),
    lastSeal(
      "seal-urlsafe-base64",
      "the last seal's base64 is of the alphabet for addresses",
      noted(text, line.replaceAll("+", "-").replaceAll("/", "_")),
    ),
    ...otherNotes(),
  ];
}

/** The right text in another JSON string, or another text in a right one. */
function otherNotes(): AttackCase[] {
  const text = journal.checkpoint();
  const line = first.signatureLine(text);
  const smaller = plain(2, 1, 2).note();
  return [
    lastSeal(
      "seal-escaped",
      "a newline of the last seal is written as another escape",
      lines.at(-1)!.replace(String.raw`\n`, String.raw`\u000a`),
    ),
    {
      ...lastSeal(
        "seal-with-space",
        "a space stands in the last seal's JSON",
        lines.at(-1)!.replace('{"seal":', '{"seal": '),
      ),
      expect: found("corrupt", 6, 5),
    },
    lastSeal(
      "seal-two-signatures",
      "the last seal has its signature twice",
      noted(text, line + line),
    ),
    lastSeal(
      "seal-with-extension",
      "the last seal's checkpoint has a line more",
      noted(`${text}more\n`, line),
    ),
    lastSeal(
      "seal-size-padded",
      "the last seal's size has a zero in front",
      noted(text.replace("\n6\n", "\n06\n"), line),
    ),
    lastSeal(
      "seal-text-of-another",
      "the last seal has the signature of the one before it",
      noted(text, smaller.split("\n\n")[1]!),
    ),
    lastSeal(
      "seal-zero-signature",
      "the last seal's signature is zeros, by the right key id",
      noted(text, first.signatureLine(text, Buffer.alloc(64))),
    ),
    lastSeal(
      "seal-of-other-origin",
      "the last seal is of another origin, with the right signature line",
      noted(checkpointText("other.example", 6, journal.root), line),
    ),
  ];
}

/** The last character before the padding has an unused bit set. */
function lax(base64: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return base64.replace(/([^=])(=+\n?)$/, (_, last: string, end: string) => {
    return alphabet[alphabet.indexOf(last) + 1]! + end;
  });
}
