import {
  TEST_SEED,
  TestKey,
  TestSecret,
  TestWitness,
  type SealingKey,
} from "../../vectors/generate/crypto.ts";
import { segmentPath, TestJournal } from "../../vectors/generate/journal.ts";
import type { Doubts, Expected, Files, Given, Opening } from "./case.ts";

// The journals that are attacked, their keys, and what an attacker's hands can do to files.

export const NAME = "attacks.example/journal";

/** The journal's keys in turn: the first, those that follow, the recovery key. */
export const first: TestKey = keyOf(0x01);
export const second: TestKey = keyOf(0x02);
export const third: TestKey = keyOf(0x03);
export const recovery: TestKey = keyOf(0x0a);
/** The attacker's own, in the journal's name. */
export const attacker: TestKey = keyOf(0x66);
export const secret: TestSecret = new TestSecret(NAME, Buffer.alloc(32, 0x05));
export const witness: TestWitness = new TestWitness("witness.example/w1", Buffer.alloc(32, 0x11));
export const witness2: TestWitness = new TestWitness("witness.example/w2", Buffer.alloc(32, 0x12));
export const stranger: TestWitness = new TestWitness("stranger.example", TEST_SEED);

/** When witnesses saw it, in seconds: so long ago that no verifier's clock matters. */
export const SEEN_AT = 1_600_000_000;

function keyOf(byte: number): TestKey {
  return new TestKey(NAME, Buffer.alloc(32, byte));
}

/** Commits of these sizes in one segment of the first key. */
export function plain(...commits: readonly number[]): TestJournal {
  const journal = new TestJournal(first);
  for (const count of commits) journal.commit(count);
  return journal;
}

/** The journal that most attacks are on: six entries in four commits. */
export function base(): TestJournal {
  return plain(2, 1, 2, 1);
}

/** Three entries by each key; an entry that names the next key ends every epoch but the last. */
export function epochs(...keys: readonly TestKey[]): TestJournal {
  const journal = new TestJournal(keys[0]!);
  for (const next of keys.slice(1)) {
    journal.commit(2);
    journal.commit(1);
    journal.follow(next);
    journal.rotate();
  }
  journal.commit(2);
  journal.commit(1);
  return journal;
}

/** The journal's files as its writer leaves them, with its checkpoint. */
export function published(journal: TestJournal, checkpoint: string = journal.note()): Files {
  return { ...journal.files(), checkpoint };
}

export function without(files: Files, ...paths: readonly string[]): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path)));
}

/** The files with other lines in a segment. */
export function withLines(files: Files, lines: readonly string[], segment = 0): Files {
  return { ...files, [segmentPath(segment)]: lines.map((line) => `${line}\n`).join("") };
}

/** The files with a segment's text changed. */
export function edited(files: Files, edit: (text: string) => string, segment = 0): Files {
  const path = segmentPath(segment);
  return { ...files, [path]: edit(files[path]! as string) };
}

export function isEntry(line: string): boolean {
  return line.startsWith('{"seq":');
}

/**
 * Lines of a first segment once more: entries with the numbers, links and hashes that are due, and
 * seals as they are, or made anew by a key.
 */
export function relinked(lines: readonly string[], by?: SealingKey): TestJournal {
  const journal = new TestJournal(by ?? first);
  for (const line of lines.slice(1)) {
    if (isEntry(line)) journal.append(eventOf(line), timeIn(line));
    else if (by) journal.seal();
    else journal.lines.push(line);
  }
  return journal;
}

function eventOf(line: string): string {
  return line.slice(line.indexOf(',"event":') + 9, line.lastIndexOf(',"hash":"'));
}

function timeIn(line: string): string {
  return /"time":"([^"]+)"/.exec(line)![1]!;
}

/** The checkpoint over all entries, by the journal's key and countersigned. */
export function cosigned(
  journal: TestJournal,
  witnesses: readonly TestWitness[] = [witness],
  at: number = SEEN_AT,
): string {
  return journal.note() + cosignatures(journal, witnesses, at);
}

/** The same with the cosignatures alone, as a witness hands it out to everybody. */
export function seenBy(journal: TestJournal, by: TestWitness = witness): string {
  return `${journal.checkpoint()}\n${cosignatures(journal, [by], SEEN_AT)}`;
}

function cosignatures(journal: TestJournal, witnesses: readonly TestWitness[], at: number): string {
  return witnesses.map((one) => one.line(journal.checkpoint(), at)).join("");
}

export const PINNED: Given = { key: first.vkey };

/** What a pinned key alone leaves open. */
const PINNED_DOUBTS: Doubts = { cut: 0, rewritten: 0 };
/** What nothing but the journal itself leaves open. */
export const SELF_DOUBTS: Doubts = { replaced: 0, ...PINNED_DOUBTS };

export function intact(size: number, cannotRuleOut: Doubts = PINNED_DOUBTS): Expected {
  return { verdict: "intact", firstBad: null, size, cannotRuleOut };
}

export function found(verdict: string, firstBad: number, size: number = firstBad): Expected {
  return { verdict, firstBad, size };
}

export const REFUSED: Opening = { signingKey: first.skey, error: "JOURNAL_DAMAGED" };

/** Opening sets so many pieces aside, and goes on. */
export function opens(recovered = 0, signingKey: string = first.skey): Opening {
  return { signingKey, recovered };
}
