import {
  base,
  cosigned,
  found,
  intact,
  PINNED,
  plain,
  published,
  SEEN_AT,
  seenBy,
  stranger,
  witness,
  witness2,
} from "./base.ts";
import type { AttackCase, Expected, Given } from "./case.ts";

const journal = base();
const midway = plain(2, 1);
const SEEN: Given = { ...PINNED, witnesses: [witness.vkey] };
const NOBODY = { ...intact(6), anchored: null } as const;

function attack(
  name: string,
  what: string,
  checkpoint: string,
  [expect, given = SEEN]: readonly [Expected, Given?],
): AttackCase {
  return { name, what, files: published(journal, checkpoint), given, expect };
}

/** Cosignatures that are old, broken, moved, or of nobody in particular. */
export function witnessCases(): readonly AttackCase[] {
  return [...ages(), ...lines(), ...keptCases(), ...quorums()];
}

function ages(): AttackCase[] {
  return [
    attack(
      "witness-stale",
      "Whoever keeps the journal from its witness: all is well but for the newest " +
        "cosignature, which is older than accepted.",
      cosigned(midway),
      [found("stale", 3, 6), { ...SEEN, maxAgeDays: 30 }],
    ),
    attack("witness-never", "The same, and no witness ever countersigned it.", journal.note(), [
      found("stale", 0, 6),
      { ...SEEN, maxAgeDays: 30 },
    ]),
    attack(
      "witness-time-changed",
      "Files only: the time in the cosignature is set forward, to look fresh.",
      later(cosigned(midway)),
      [found("corrupt", 6), { ...SEEN, maxAgeDays: 30 }],
    ),
  ];
}

/** The cosignature's time in its line, changed behind the witness's back. */
function later(note: string): string {
  return note.replace(/(— witness\S+ )(\S+)\n$/, (_, start: string, field: string) => {
    const bytes = Buffer.from(field, "base64");
    bytes.writeBigUInt64BE(BigInt(SEEN_AT + 200_000_000), 4);
    return `${start}${bytes.toString("base64")}\n`;
  });
}

function lines(): AttackCase[] {
  const corrupt = found("corrupt", 6);
  const broken = midway.note() + witness.line("something else\n", SEEN_AT);
  const moved = journal.note() + witness.line(midway.checkpoint(), SEEN_AT);
  const [line] = cosigned(midway).split("\n").slice(-2);
  const at = new Date(SEEN_AT * 1000).toISOString();
  const anchored = { size: 3, by: "witnesses", witnesses: [witness.name], at } as const;
  const covered = intact(6, { cut: 3, rewritten: 3, rewrittenWithWitnesses: 3 });
  return [
    attack(
      "cosignature-unknown",
      "Files only: DIR/checkpoint is countersigned by a witness that nobody pins. It " +
        "shows nothing.",
      cosigned(journal, [stranger]),
      [NOBODY],
    ),
    attack(
      "cosignature-broken",
      "Files only: the pinned witness's line is of something else.",
      broken,
      [corrupt],
    ),
    attack(
      "cosignature-moved",
      "Files only: the pinned witness's line is of an older checkpoint.",
      moved,
      [corrupt],
    ),
    attack(
      "cosignature-moved-unpinned",
      "Files only: the same, and that witness is not pinned: its line is ignored.",
      moved,
      [intact(6), PINNED],
    ),
    attack(
      "cosignature-broken-beside-good",
      "Files only: the pinned witness's line is there twice, right and broken. A " +
        "verifier that takes the first good one would differ from one that takes the " +
        "last.",
      `${cosigned(midway)}${witness.line("x\n", SEEN_AT)}`,
      [corrupt],
    ),
    attack(
      "cosignature-dropped",
      "Files only: the cosignature is removed from DIR/checkpoint.",
      midway.note(),
      [NOBODY],
    ),
    attack(
      "cosignature-without-key",
      "Files only: the journal's signature is removed, the witness's left. " +
        "DIR/checkpoint is the journal's own.",
      `${midway.checkpoint()}\n${line!}\n`,
      [corrupt],
    ),
    attack(
      "cosignature-beside-unknown",
      "Files only: a stranger's line is added; the pinned witness's still counts.",
      cosigned(midway, [witness, stranger]),
      [{ ...covered, anchored }],
    ),
  ];
}

function keptCases(): AttackCase[] {
  const at = (name: string, what: string, checkpoint: string, expect: Expected): AttackCase => ({
    name,
    what,
    files: published(journal),
    given: { ...SEEN, checkpoint },
    expect,
  });
  const error = { error: "NOTE_UNVERIFIED" };
  return [
    at(
      "kept-seen-by-stranger",
      "Nothing: the kept checkpoint is signed by a witness that nobody pins, and no key " +
        "of the journal's.",
      seenBy(midway, stranger),
      error,
    ),
    at(
      "kept-cosignature-broken",
      "Nothing: the kept checkpoint has the right signature, and a broken cosignature " +
        "by the pinned witness.",
      midway.note() + witness.line("x\n", SEEN_AT),
      error,
    ),
  ];
}

function quorums(): AttackCase[] {
  const policy = [
    `witness one ${witness.vkey}`,
    `witness two ${witness2.vkey}`,
    "group both 2 one two",
    "quorum both",
    "",
  ].join("\n");
  const given = { ...PINNED, policy };
  const at = new Date(SEEN_AT * 1000).toISOString();
  const witnesses = [witness.name, witness2.name];
  const covered = intact(6, { cut: 3, rewritten: 3, rewrittenWithWitnesses: 3 });
  return [
    attack(
      "quorum-missed",
      "Today's key and one of two witnesses' keys: the policy asks for both.",
      cosigned(midway),
      [NOBODY, given],
    ),
    attack(
      "quorum-reached",
      "Nobody did anything: both witnesses of the policy countersigned.",
      cosigned(midway, [witness, witness2]),
      [{ ...covered, anchored: { size: 3, by: "witnesses", witnesses, at } }, given],
    ),
    attack(
      "quorum-by-one-twice",
      "Today's key and one of two witnesses' keys: that one signs twice.",
      cosigned(midway) + witness.line(midway.checkpoint(), SEEN_AT + 1),
      [NOBODY, given],
    ),
  ];
}
