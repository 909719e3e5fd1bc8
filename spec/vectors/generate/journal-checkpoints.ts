import { OTHER_SEED, TEST_SEED, TestKey, TestWitness, base64, treeRoot } from "./crypto.ts";
import { checkpointText, TestJournal } from "./journal.ts";
import type { JournalCase } from "./journals.ts";

const key = new TestKey("test.example/vectors", TEST_SEED);
const stranger = new TestKey("test.example/vectors", OTHER_SEED);
const witness = new TestWitness("witness.example/w", OTHER_SEED);
const another = new TestWitness("another.example", TEST_SEED);
/** Seconds since 1970: long ago for everybody. */
const SEEN_AT = 1_600_000_000;
const SEEN = new Date(SEEN_AT * 1000).toISOString();

const journal = journalOf(2, 1, 3);
const files = journal.files();
const early = journalOf(2, 1);
const midway = checkpointText(key.name, 3, treeRoot(journal.hashes.slice(0, 3)));
const fork = checkpointText(key.name, 3, "ab".repeat(32));
const longer = journalOf(2, 1, 3, 1).checkpoint();

function journalOf(...commits: readonly number[]): TestJournal {
  const made = new TestJournal(key);
  for (const count of commits) made.commit(count);
  return made;
}

function sign(text: string, by: TestKey = key): string {
  return `${text}\n${by.signatureLine(text)}`;
}

/** The verdict over this much of the journal. */
function found(
  verdict: NonNullable<JournalCase["verdict"]>,
  firstBad: number | null = null,
  size = journal.size,
): Partial<JournalCase> {
  return { verdict, firstBad, size, root: base64(treeRoot(journal.hashes.slice(0, size))) };
}

/** Journals that have published a checkpoint themselves. */
export function publishedCases(): JournalCase[] {
  const at = (name: string, checkpoint: string, expected: Partial<JournalCase>): JournalCase => ({
    name,
    files: { ...files, checkpoint },
    anchored: null,
    ...expected,
  });
  const opens = { recovered: 0 };
  const refused = { error: "JOURNAL_DAMAGED" };
  const corrupt = { ...found("corrupt", 6), opening: opens };
  const good = { ...found("intact"), opening: opens };
  const changed = sign(midway).replace(/.{9}\n$/, "AAAAAAA==\n");
  return [
    at("of the newest seal", journal.note(), good),
    at("of an older seal", early.note(), good),
    at("with a signature by somebody else", sign(midway) + another.line(midway, SEEN_AT), good),
    at("of more entries", sign(longer), { ...found("truncated", 6), opening: refused }),
    at("of more entries, by a key that is not known", sign(longer, stranger), {
      ...found("truncated", 6),
      opening: refused,
    }),
    at(
      "of more entries, with a wrong signature",
      sign(longer).replace(/.{9}\n$/, "AAAAAAA==\n"),
      corrupt,
    ),
    at("of other entries", sign(fork), { ...found("forked", 0), opening: opens }),
    at("with a wrong signature", changed, corrupt),
    at("by a key that is not known", sign(midway, stranger), corrupt),
    at("of another origin", sign(midway.replace("test.example", "other.example")), corrupt),
    at("that is empty", "", corrupt),
    at("that is cut off", early.note().slice(0, -1), corrupt),
  ];
}

/** Journals that a pinned witness saw. */
export function witnessCases(): JournalCase[] {
  const cosigned = sign(midway) + witness.line(midway, SEEN_AT);
  const anchored = { size: 3, by: "witnesses", witnesses: [witness.name], at: SEEN } as const;
  const at = (
    name: string,
    checkpoint: string | undefined,
    expected: Partial<JournalCase>,
  ): JournalCase => ({
    name,
    files: checkpoint === undefined ? files : { ...files, checkpoint },
    witnesses: [witness.vkey],
    freshness: "witnessed",
    ...expected,
  });
  const good = { ...found("intact"), anchored };
  const none = { anchored: null, freshness: "none" } as const;
  const wrong = sign(midway) + witness.line(fork, SEEN_AT);
  const onlyWitness = `${midway}\n${witness.line(midway, SEEN_AT)}`;
  const ahead = `${longer}\n${witness.line(longer, SEEN_AT)}`;
  const byKept = { anchored: { size: 6, by: "checkpoint", witnesses: [], at: null } } as const;
  return [
    at("DIR/checkpoint with a cosignature", cosigned, good),
    at("DIR/checkpoint without", sign(midway), { ...found("intact"), ...none }),
    at("DIR/checkpoint with another witness's", sign(midway) + another.line(midway, SEEN_AT), {
      ...found("intact"),
      ...none,
    }),
    at("two witnesses", cosigned + another.line(midway, SEEN_AT + 1), {
      ...found("intact"),
      witnesses: [witness.vkey, another.vkey],
      anchored: {
        ...anchored,
        witnesses: [another.name, witness.name],
        at: new Date((SEEN_AT + 1) * 1000).toISOString(),
      },
    }),
    at("a cosignature of something else", wrong, { ...found("corrupt", 6), ...none }),
    at("a kept checkpoint with a cosignature", undefined, { ...good, checkpoint: cosigned }),
    at("a kept checkpoint with a cosignature of something else", undefined, {
      checkpoint: wrong,
      error: "NOTE_UNVERIFIED",
    }),
    at("a kept checkpoint that only the witness signed", undefined, {
      ...good,
      checkpoint: onlyWitness,
    }),
    at("more entries, in what only the witness signed", undefined, {
      ...found("rolled-back", 6),
      anchored: null,
      checkpoint: ahead,
    }),
    at("a newer kept checkpoint beside an older cosignature", cosigned, {
      ...found("intact"),
      ...byKept,
      checkpoint: journal.note(),
    }),
    at("seen too long ago", cosigned, { ...good, ...found("stale", 3), maxAgeMs: 0 }),
    at("seen within so long", cosigned, { ...good, maxAgeMs: 1e15 }),
    at("never seen", sign(midway), { ...found("stale", 0), ...none, maxAgeMs: 1e15 }),
  ];
}

/** Journals that are not the ones that the pinned key is for. */
export function otherKeyCases(): JournalCase[] {
  const pinned = { files, key: stranger.vkey };
  const created = found("re-created", 0, 0);
  const resigned = found("re-signed", 0, 0);
  const otherName = new TestKey("other.example", TEST_SEED);
  return [
    { name: "another key under the same name", ...pinned, ...created },
    {
      name: "another key under the same name, which signed a checkpoint of these entries",
      ...pinned,
      checkpoint: sign(midway, stranger),
      ...resigned,
    },
    {
      name: "another key under the same name, which signed a checkpoint of others",
      ...pinned,
      checkpoint: sign(fork, stranger),
      ...created,
    },
    {
      name: "another key under the same name, an empty journal",
      files: journalOf().files(),
      key: stranger.vkey,
      ...created,
    },
    { name: "a key of another name", files, key: otherName.vkey, ...found("wrong-key", 0, 0) },
  ];
}
