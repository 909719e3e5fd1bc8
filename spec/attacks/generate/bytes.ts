import { headText } from "../../vectors/generate/journal.ts";
import { base, edited, first, found, intact, opens, PINNED, published, REFUSED } from "./base.ts";
import type { AttackCase, Expected, Files } from "./case.ts";

const journal = base();
const files = published(journal);
const lines: readonly string[] = journal.lines;

function attack(name: string, what: string, changed: Files, expect: Expected): AttackCase {
  const stated = { given: PINNED, expect, opening: REFUSED };
  return { name, what: `Files only: ${what}.`, files: changed, ...stated };
}

/** Nothing can be judged, nor opened. */
function unread(name: string, what: string, changed: Files, error: string): AttackCase {
  const opening = { signingKey: first.skey, error };
  return { ...attack(name, what, changed, { error }), opening };
}

/** Single bytes, line endings, zeros, garbage, and the files that are no evidence. */
export function byteCases(): readonly AttackCase[] {
  return [...ledgerBytes(), ...ends(), ...holes(), ...heads(), ...manifests()];
}

function ledgerBytes(): AttackCase[] {
  const at = (edit: (text: string) => string): Files => edited(files, edit);
  const corrupt = found("corrupt", 0);
  return [
    attack(
      "header-byte",
      "a digit of the header is another",
      at((text) => text.replace('"stele":1', '"stele":0')),
      corrupt,
    ),
    attack(
      "header-prev",
      "the first header names a predecessor",
      at((text) => text.replace("0".repeat(64), "1".repeat(64))),
      found("tampered", 0),
    ),
    unread(
      "header-newer",
      "the header's format number is 2. A format that is not known is not judged",
      at((text) => text.replace('"stele":1', '"stele":2')),
      "JOURNAL_NEWER_FORMAT",
    ),
    attack(
      "header-member-twice",
      "the header has a member twice",
      at((text) => text.replace('"first":0', '"first":0,"first":0')),
      corrupt,
    ),
    ...lineForms(),
  ];
}

/** Lines that end, begin or are spelt in another way. */
function lineForms(): AttackCase[] {
  const at = (edit: (text: string) => string): Files => edited(files, edit);
  const entry3 = lines[6]!;
  const seal3 = lines[5]!;
  const corrupt = found("corrupt", 0);
  return [
    attack(
      "line-endings",
      "every newline became CR LF, as careless programs do",
      at((text) => text.replaceAll("\n", "\r\n")),
      corrupt,
    ),
    attack(
      "line-ending-of-entry",
      "the newline of entry 3 became CR LF",
      at((text) => text.replace(entry3, `${entry3}\r`)),
      found("corrupt", 3),
    ),
    attack(
      "line-ending-of-seal",
      "the newline of the seal over entry 2 became CR LF",
      at((text) => text.replace(seal3, `${seal3}\r`)),
      found("tampered", 2),
    ),
    attack(
      "byte-order-mark",
      "a byte order mark stands in front",
      at((text) => `\uFEFF${text}`),
      corrupt,
    ),
    attack(
      "empty-line",
      "an empty line stands in front of entry 3",
      at((text) => text.replace(entry3, `\n${entry3}`)),
      found("corrupt", 3),
    ),
    attack(
      "hash-upper-case",
      "the hash of entry 3 is in upper case",
      at((text) =>
        text.replace(
          entry3,
          entry3.replace(/[0-9a-f]{64}"\}$/, (hash) => hash.toUpperCase()),
        ),
      ),
      found("tampered", 3),
    ),
  ];
}

function ends(): AttackCase[] {
  const at = (behind: string): Files => edited(files, (text) => text + behind);
  return [
    attack(
      "garbage-line-at-the-end",
      "a line that is no JSON stands behind the last seal",
      at("garbage\n"),
      found("corrupt", 6),
    ),
    attack(
      "object-at-the-end",
      "a line that is a JSON object, no entry and no seal, stands behind the last seal",
      at('{"a":1}\n'),
      found("corrupt", 6),
    ),
    attack(
      "newline-at-the-end",
      "an empty line stands behind the last seal",
      at("\n"),
      found("corrupt", 6),
    ),
    {
      ...attack(
        "bytes-at-the-end",
        "bytes without a newline stand behind the last seal. A crash leaves such a line, " +
          "so they are unsealed",
        at("garbage"),
        { ...intact(6), unsealed: { entries: 0, bytes: 7 } },
      ),
      opening: opens(1),
    },
    attack(
      "endless-line-at-the-end",
      "a line that is longer than a line can be stands behind the last seal",
      at("a".repeat(65_700)),
      found("corrupt", 6),
    ),
  ];
}

/** Zeros that no crash explains. */
function holes(): AttackCase[] {
  const hole = (line: string): Files =>
    edited(files, (text) =>
      text.replace(line, `${line.slice(0, 20)}${"\0".repeat(60)}${line.slice(80)}`),
    );
  const old = headText(2, 0, Buffer.byteLength(`${lines.slice(0, 4).join("\n")}\n`));
  const atEnd = edited(files, (text) => text.slice(0, -100) + "\0".repeat(100));
  return [
    attack(
      "hole-in-the-middle",
      "entry 2 has zeros, with three seals behind it, and head is old. Of these seals " +
        "the first was synced before the second was written: damage, no crash",
      { ...hole(lines[4]!), head: old },
      found("tampered", 2),
    ),
    attack(
      "hole-in-acknowledged-commit",
      "the last entry has zeros, and head names it: it was acknowledged",
      hole(lines[9]!),
      found("tampered", 5),
    ),
    attack(
      "hole-at-acknowledged-end",
      "the last seal ends in zeros, and head names its commit",
      atEnd,
      found("corrupt", 6, 5),
    ),
  ];
}

function heads(): AttackCase[] {
  const at = (head: string): Files => ({ ...files, head });
  const bytes = Buffer.byteLength(files["ledger/00000000000000000000.jsonl"]!);
  return [
    attack(
      "head-forged-ahead",
      "head names an entry more than there ever were. It is not signed: a false alarm " +
        "is all that this can make",
      at(headText(7, 0, bytes + 100)),
      found("truncated", 6),
    ),
    {
      ...attack(
        "head-forged-behind",
        "head names fewer entries than there are, as after a crash",
        at(headText(3, 0, 0)),
        intact(6),
      ),
      opening: opens(),
    },
    attack(
      "head-other-segment",
      "head names a segment that is not there",
      at(headText(7, 7, 100)),
      found("truncated", 6),
    ),
    {
      ...attack(
        "head-wrong-sum",
        "head names more entries, with a sum that is not right: it is torn, and says nothing",
        at(headText(7, 0, bytes + 100).replace(/.\n$/, "x\n")),
        intact(6),
      ),
      opening: opens(),
    },
  ];
}

function manifests(): AttackCase[] {
  const at = (change: (text: string) => string): Files => ({
    ...files,
    "stele.json": change(files["stele.json"] as string),
  });
  return [
    unread(
      "manifest-newer",
      "the manifest's format is 2",
      at((text) => text.replace('"stele":1', '"stele":2')),
      "JOURNAL_NEWER_FORMAT",
    ),
    unread(
      "manifest-garbage",
      "the manifest is no JSON",
      at(() => "{"),
      "MANIFEST_MALFORMED",
    ),
    unread(
      "manifest-other-origin",
      "the manifest has another name than its key",
      at((text) => text.replace('"origin":"', '"origin":"x')),
      "MANIFEST_MALFORMED",
    ),
  ];
}
