import { base64, treeRoot } from "../../vectors/generate/crypto.ts";
import { entryLine, segmentPath, TestJournal } from "../../vectors/generate/journal.ts";
import { first, found, intact, NAME, opens, PINNED, published, without } from "./base.ts";
import type { AttackCase, Expected, Files } from "./case.ts";
import { approval, change, critic, next, signed } from "./signatures.ts";

// Journals whose oldest segments were dropped, and with them the entries that named agents' keys.

const CUT = 4;
const TILE = "tile/0/000.p/4";
const PRUNED = "pruned.jsonl";

/** What is kept, according to the entry that names the cut. */
interface Kept {
  readonly from: number;
  readonly count: number;
}

const ALL: Kept = { from: 0, count: 3 };

/** An agent's key that gave way to another, before the cut; an event that it signed behind it. */
function journal(kept: Kept | undefined, by = next): TestJournal {
  const made = new TestJournal(first);
  made.append(change("add", critic, NAME));
  made.append(signed(approval("rejected")));
  made.append(change("add", next));
  made.append(change("retire", critic));
  made.seal();
  made.rotate();
  made.append(signed(approval("approved"), by));
  made.append(prunedEvent(made, kept));
  made.seal();
  return made;
}

function prunedEvent({ hashes }: TestJournal, agents: Kept | undefined): string {
  const root = base64(treeRoot(hashes.slice(0, CUT)));
  const data = { first: CUT, agents, root, entries: CUT, bytes: 0, segments: [] };
  return JSON.stringify({ type: "stele.pruned", data });
}

function linesOf({ segments }: TestJournal, ...seqs: readonly number[]): string[] {
  const lines = segments.flatMap((segment) => segment.lines);
  const entries = lines.filter((line) => line.startsWith('{"seq"'));
  return seqs.map((seq) => entries[seq]!);
}

/** Without the segment before the cut, and with what is kept of it. */
function dropped(made: TestJournal, agents?: Kept, lines: readonly string[] = []): Files {
  const tile = Buffer.from(made.hashes.slice(0, CUT).join(""), "hex");
  const file = [JSON.stringify({ first: CUT, from: 5, agents }), ...lines, ""].join("\n");
  return { ...without(published(made), segmentPath(0)), [TILE]: tile, [PRUNED]: file };
}

const DOUBTS = { cut: 0, rewritten: 0, malformed: CUT };
const made = journal(ALL);
const [added, second, retired] = linesOf(made, 0, 2, 3) as [string, string, string];
const FILES = dropped(made, ALL, [added, second, retired]);

function attack(name: string, what: string, files: Files, expect: Expected): AttackCase {
  return { name: `pruned-agent${name}`, what, files, given: PINNED, expect };
}

/** Agents' keys that entries named which are gone. */
export function prunedAgentCases(): readonly AttackCase[] {
  return [...soundCases(), ...keptCases(), ...keeperCases()];
}

function soundCases(): AttackCase[] {
  const old = dropped(journal(undefined));
  return [
    {
      name: "good/pruned-agents",
      what: "What named agents' keys is dropped, and kept beside; a signature is checked on.",
      files: FILES,
      given: PINNED,
      expect: { ...intact(6, DOUBTS), signatures: { checked: 1, unchecked: 0 } },
      opening: opens(),
    },
    {
      name: "good/pruned-agents-not-kept",
      what: "An earlier writer kept nothing of it: the signature counts as unchecked.",
      files: old,
      given: PINNED,
      expect: {
        ...intact(6, { ...DOUBTS, notTheAgents: CUT }),
        signatures: { checked: 0, unchecked: 1 },
      },
      opening: opens(),
    },
  ];
}

/** Files only: what is kept is not what was dropped. */
function keptCases(): AttackCase[] {
  const at0 = found("tampered", 0);
  const keeping = (name: string, what: string, lines: readonly string[], count = lines.length) =>
    attack(name, `Files only: ${what}`, dropped(made, { from: 0, count }, lines), at0);
  const two = { from: 0, count: 2 };
  const forged = made.leaf({ seq: "1", event: change("add", next) });
  return [
    keeping("-key-changed", "the key in a kept entry is another.", [
      added.replace(critic.vkey, next.vkey),
      second,
      retired,
    ]),
    keeping("-left-out", "the entry that retired a key is left out.", [added, second], 3),
    attack(
      "-left-out-count",
      "Files only: the same, and the count in pruned.jsonl says so.",
      dropped(made, two, [added, second]),
      found("tampered", 0, 6),
    ),
    keeping("-twice", "a kept entry is there twice.", [added, added, second, retired]),
    keeping("-swapped", "two of them stand in the other order.", [second, added, retired]),
    keeping("-extra", "there is one more, with a hash of its own, where another entry was.", [
      added,
      entryLine(forged),
      second,
      retired,
    ]),
    keeping("-other-entry", "there is another entry, which names no key.", [
      added,
      ...linesOf(made, 1),
      second,
      retired,
    ]),
    attack(
      "-not-kept",
      "Files only: pruned.jsonl is as of a writer that kept none, so that nothing is checked.",
      dropped(made),
      found("tampered", 0, 6),
    ),
    attack(
      "-file-removed",
      "Files only: pruned.jsonl is removed.",
      without(FILES, PRUNED),
      found("tampered", 0, 6),
    ),
  ];
}

/** The keeper, who has the journal's key, seals what no agent signed. */
function keeperCases(): AttackCase[] {
  const retiredOne = journal(ALL, critic);
  const fewer = { from: 0, count: 1 };
  const hidden = journal(fewer);
  return [
    attack(
      "-retired-signs",
      "The keeper: an event is signed by the key that was retired before the cut.",
      dropped(retiredOne, ALL, linesOf(retiredOne, 0, 2, 3)),
      found("tampered", 4, 6),
    ),
    attack(
      "-key-hidden",
      "The keeper: the entry that names the cut counts fewer, and the key is not kept. " +
        "Its signature is by no known key then, not unchecked.",
      dropped(hidden, fewer, linesOf(hidden, 0)),
      found("tampered", 4, 6),
    ),
  ];
}
