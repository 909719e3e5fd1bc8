import { segmentPath, TestJournal } from "../../vectors/generate/journal.ts";
import { edited, first, found, intact, opens, PINNED, plain, published, without } from "./base.ts";
import type { AttackCase, Files } from "./case.ts";

/** Entries 0 to 2, 3 and 4, and 5, each in a segment of its own. */
function segmented(firstEvent?: string): TestJournal {
  const journal = new TestJournal(first);
  if (firstEvent === undefined) journal.commit(3);
  else {
    journal.append(firstEvent);
    journal.commit(2);
  }
  journal.rotate();
  journal.commit(2);
  journal.rotate();
  journal.commit(1);
  return journal;
}

const journal = segmented();
const files = published(journal);
const [zero, three, five] = [0, 3, 5].map(segmentPath) as [string, string, string];

function attack(
  name: string,
  what: string,
  changed: Files,
  [verdict, firstBad, size]: readonly [verdict: string, firstBad: number, size?: number],
): AttackCase {
  const expect = found(verdict, firstBad, size);
  return { name, what, files: changed, given: PINNED, expect };
}

/** Whole files removed, moved or replaced. */
export function segmentCases(): readonly AttackCase[] {
  const other = segmented('{"type":"test.other"}').files();
  const renamed = { ...without(files, three), [segmentPath(4)]: files[three]! };
  const sealed = files[zero] as string;
  const entry = journal.segments[1]!.lines[1]!;
  const frontier = (text: string): string =>
    text.replace(/\["[0-9a-f]{64}/, `["${"ab".repeat(32)}`);
  return [
    attack(
      "segment-removed",
      "Files only: the segment in the middle is removed.",
      without(files, three),
      ["tampered", 3],
    ),
    attack(
      "segment-first-removed",
      "Files only: the first segment is removed.",
      without(files, zero),
      ["tampered", 0],
    ),
    attack(
      "segments-swapped",
      "Files only: the last two segments lie under each other's names.",
      { ...files, [three]: files[five]!, [five]: files[three]! },
      ["corrupt", 3],
    ),
    attack("segment-renamed", "Files only: a segment has another number in its name.", renamed, [
      "corrupt",
      4,
      3,
    ]),
    attack(
      "segment-of-another-history",
      "Today's key: the first segment is from this history, the others from another.",
      { ...other, [zero]: files[zero]! },
      ["tampered", 3],
    ),
    attack(
      "segment-unsealed",
      "Files only: the first segment has lost its last seal.",
      { ...files, [zero]: sealed.slice(0, sealed.lastIndexOf('{"seal"')) },
      ["tampered", 0],
    ),
    attack(
      "segment-with-entry-behind",
      "Files only: an entry stands behind the last seal of a closed segment.",
      { ...files, [zero]: `${sealed}${entry}\n` },
      ["tampered", 3],
    ),
    attack(
      "segment-other-frontier",
      "Files only: a header names another frontier.",
      edited(files, frontier, 3),
      ["tampered", 3],
    ),
    ...added(),
  ];
}

/** Files that were not there. */
function added(): AttackCase[] {
  const ahead = plain(3);
  const { head } = ahead.files();
  ahead.rotate();
  ahead.append('{"type":"test.forged"}');
  const bytes = Buffer.byteLength(`${ahead.lines[1]!}\n`);
  return [
    {
      name: "segment-added-unsealed",
      what:
        "Files only: a segment with an entry and no seal stands behind the last one. " +
        "Nothing vouches for it.",
      files: { ...ahead.files(), head: head! },
      given: PINNED,
      expect: { ...intact(3), unsealed: { entries: 1, bytes } },
      opening: opens(1),
    },
    {
      name: "segment-temporary",
      what:
        "Files only: a file of another name in ledger/ holds what might be taken for " +
        "entries. It is ignored.",
      files: { ...journal.files(), "ledger/00000000000000000006.jsonl.tmp": files[five]! },
      given: PINNED,
      expect: intact(6),
    },
  ];
}
