import { entryLine, smallEvent } from "../../vectors/generate/journal.ts";
import {
  attacker,
  base,
  first,
  found,
  intact,
  opens,
  PINNED,
  published,
  REFUSED,
  relinked,
  withLines,
} from "./base.ts";
import type { AttackCase, Expected } from "./case.ts";

const journal = base();
/** Header; entries 0, 1, seal; 2, seal; 3, 4, seal; 5, seal. */
const lines: readonly string[] = journal.lines;
const files = published(journal);

const at2 = found("tampered", 2);
const at3 = found("tampered", 3);

type Edit = (copy: string[]) => void;

/** The same edit twice: as an editor would do it, and with all hashes made anew. */
function both(
  name: string,
  what: string,
  edit: Edit,
  [naive, rehashed]: readonly [naive: Expected, rehashed: Expected],
): AttackCase[] {
  const copy = [...lines];
  edit(copy);
  const common = { given: PINNED, opening: REFUSED };
  return [
    {
      name,
      what: `Files only: ${what}.`,
      files: withLines(files, copy),
      expect: naive,
      ...common,
    },
    {
      name: `${name}-rehashed`,
      what: `Files only: ${what}, and numbers, links and hashes are made anew; the seals are old.`,
      files: withLines(files, relinked(copy).lines),
      expect: rehashed,
      ...common,
    },
  ];
}

/** Entries changed, removed, inserted, moved, without a key. */
export function entryCases(): readonly AttackCase[] {
  return [
    ...both(
      "entry-changed",
      "entry 2 says something else",
      (copy) => {
        copy[4] = copy[4]!.replace('"i":2', '"i":9');
      },
      [at2, at2],
    ),
    ...both(
      "entry-time-changed",
      "entry 2 is dated back",
      (copy) => {
        copy[4] = copy[4]!.replace("2026-11-20", "2026-11-19");
      },
      [at2, at2],
    ),
    ...both(
      "entry-last-changed",
      "the last entry says something else",
      (copy) => {
        copy[9] = copy[9]!.replace('"i":5', '"i":9');
      },
      [found("tampered", 5), found("tampered", 5)],
    ),
    ...both(
      "entry-respelled",
      "a letter of entry 2 is written as an escape",
      (copy) => {
        copy[4] = copy[4]!.replace("test.event", String.raw`test.\u0065vent`);
      },
      [at2, at2],
    ),
    ...both(
      "entry-member-twice",
      "a second member of the same name shadows one of entry 2",
      (copy) => {
        copy[4] = copy[4]!.replace('"i":2', '"i":2,"i":9');
      },
      [at2, at2],
    ),
    ...places(),
    ...behind(),
    ...bySealer(),
  ];
}

/** Entries that are missing, too many, or in each other's place. */
function places(): AttackCase[] {
  return [
    ...both("entry-removed", "entry 3 is removed", (copy) => void copy.splice(6, 1), [at3, at3]),
    ...both(
      "commit-removed",
      "entry 2 is removed with its seal",
      (copy) => {
        copy.splice(4, 2);
      },
      [at2, found("tampered", 2)],
    ),
    ...both(
      "entry-twice",
      "entry 3 comes twice",
      (copy) => {
        copy.splice(6, 0, copy[6]!);
      },
      [found("tampered", 4, 3), at3],
    ),
    ...both(
      "entry-inserted",
      "an entry with the right number, link and hash comes before entry 3",
      (copy) => {
        copy.splice(6, 0, forged());
      },
      [found("tampered", 4, 3), at3],
    ),
    ...both(
      "entries-swapped",
      "entries 3 and 4 change places",
      (copy) => {
        copy.splice(6, 2, copy[7]!, copy[6]!);
      },
      [at3, at3],
    ),
  ];
}

/** A line that could be entry 3. */
function forged(): string {
  const before = relinked(lines.slice(0, 6));
  return before.append('{"type":"test.forged"}');
}

/** Entries behind the last seal. */
function behind(): AttackCase[] {
  const longer = base();
  const line = longer.append('{"type":"test.forged"}');
  const bytes = Buffer.byteLength(`${line}\n`);
  const foreign = base();
  foreign.append('{"type":"test.forged"}');
  foreign.seal(attacker);
  return [
    {
      name: "entry-added",
      what:
        "Files only: an entry with right number, link and hash stands behind the last " +
        "seal. Nothing vouches for it.",
      files: withLines(files, longer.lines),
      given: PINNED,
      expect: { ...intact(6), unsealed: { entries: 1, bytes } },
      opening: opens(1),
    },
    {
      name: "entry-added-sealed",
      what: "Files and a key of the attacker's: the same with a seal by that key.",
      files: withLines(files, foreign.lines),
      given: PINNED,
      expect: found("re-signed", 6),
      opening: REFUSED,
    },
  ];
}

/** Events that the journal's own writer would have refused, sealed by its key. */
function bySealer(): AttackCase[] {
  const twice = relinked(lines.slice(0, 6));
  twice.append('{"type":"pay","data":{"amount":1,"amount":1000}}');
  twice.seal(first);
  const misplaced = relinked(lines.slice(0, 6));
  const leaf = misplaced.leaf({ seq: "4", event: smallEvent(4) });
  misplaced.lines.push(entryLine(leaf));
  return [
    {
      name: "member-twice-sealed",
      what:
        "Today's key, with a writer of the thief's own: an event has a member twice, so that two " +
        "readers may understand it differently. The bytes are those that were sealed: a check " +
        "does not ask for unique names (ledger.md section 3), a reader of events should.",
      files: twice.files(),
      given: PINNED,
      expect: intact(4),
    },
    {
      name: "number-skipped",
      what: "Today's key, with a writer of the thief's own: the number 3 is left out.",
      files: withLines(misplaced.files(), misplaced.lines),
      given: PINNED,
      expect: found("tampered", 3),
      opening: REFUSED,
    },
  ];
}
