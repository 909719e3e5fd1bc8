import {
  base64,
  leafHash,
  OTHER_SEED,
  sha256,
  SOURCE,
  TEST_SEED,
  TestKey,
  treeRoot,
} from "./crypto.ts";
import { checkpointText, entryLine, smallEvent, TestJournal } from "./journal.ts";

/** A file, whom its reader trusts, and what it must show. */
interface ProofCase {
  readonly name: string;
  readonly file: string;
  /** The vkey that is pinned. */
  readonly key: string;
  readonly witnesses?: readonly string[];
  /** Of a proof of consistency: the older checkpoint, and its key where that is another. */
  readonly old?: string;
  readonly oldKey?: string;
  readonly outcome: "proven" | "unproven" | "malformed";
  readonly parts?: readonly Part[];
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly root: string;
  readonly key: string;
  readonly trust: "pinned" | "changed" | "recovery";
  readonly cosignatures: readonly { readonly witness: string; readonly timestamp: number }[];
}

const ORIGIN = "test.example/vectors";
const seeded = (offset: number): Buffer => TEST_SEED.map((byte) => byte + offset) as Buffer;
const K0 = new TestKey(ORIGIN, TEST_SEED);
const K1 = new TestKey(ORIGIN, OTHER_SEED);
const K2 = new TestKey(ORIGIN, seeded(64));
const RECOVERY = new TestKey(ORIGIN, seeded(96));
const THIEF = new TestKey(ORIGIN, seeded(128));
const WITNESS = new TestKey("witness.example/w", seeded(160));
const WITNESSED_AT = 1_800_000_000;

/** Leaves, and the keys that sealed them. */
class Log {
  readonly #journal = new TestJournal(K0);
  readonly leaves: string[] = [];
  readonly epochs: { readonly key: TestKey; readonly first: number }[] = [{ key: K0, first: 0 }];

  append(event: string): void {
    this.leaves.push(this.#journal.leaf({ event }));
    this.#journal.append(event);
  }

  notes(count: number, event = smallEvent): void {
    for (let n = 0; n < count; n++) this.append(event(this.leaves.length));
  }

  change(next: TestKey, reason: "rotated" | "aged" | "lost"): void {
    this.append(`{"type":"stele.key","data":{"publicKey":"${next.vkey}","reason":"${reason}"}}`);
    this.epochs.push({ key: next, first: this.leaves.length });
  }

  hashes(size: number = this.leaves.length): string[] {
    return this.leaves.slice(0, size).map(leafHash);
  }

  root(size: number): string {
    return base64(treeRoot(this.hashes(size)));
  }

  note(size: number, key: TestKey): string {
    const text = checkpointText(ORIGIN, size, treeRoot(this.hashes(size)));
    return `${text}\n${key.signatureLine(text)}`;
  }

  /** The proof of an entry under a checkpoint. */
  prove(index: number, [size, key]: readonly [number, TestKey], keys: readonly string[] = []) {
    return proofText({
      index,
      path: path(index, this.hashes(size)),
      extra: JSON.stringify({ leaf: this.leaves[index], keys }),
      note: this.note(size, key),
    });
  }

  line(index: number): string {
    return `${entryLine(this.leaves[index]!)}\n`;
  }
}

interface ProofText {
  readonly index: number;
  readonly path: readonly string[];
  readonly extra: string;
  readonly note: string;
}

/** The text of a proof file. */
export function proofText({ index, path: hashes, extra, note }: ProofText): string {
  const lines = [
    "c2sp.org/tlog-proof@v1",
    `extra ${Buffer.from(extra).toString("base64")}`,
    `index ${index}`,
    ...hashes.map(base64),
  ];
  return `${lines.join("\n")}\n\n${note}`;
}

/** PATH of RFC 6962 section 2.1.1. */
export function path(index: number, leaves: readonly string[]): string[] {
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...path(index, left), treeRoot(right)]
    : [...path(index - split, right), treeRoot(left)];
}

/** PROOF of RFC 6962 section 2.1.2. */
function growth(oldSize: number, leaves: readonly string[], isWhole = true): string[] {
  if (oldSize === leaves.length) return isWhole ? [] : [treeRoot(leaves)];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return oldSize <= split
    ? [...growth(oldSize, left, isWhole), treeRoot(right)]
    : [...growth(oldSize - split, right, false), treeRoot(left)];
}

function splitOf(size: number): number {
  let split = 1;
  while (2 * split < size) split *= 2;
  return split;
}

const proofLine = (proof: string): string => `${JSON.stringify({ proof })}\n`;

/** Entries 0 to 3 are sealed by K0, 4 to 7 by K1, 8 to 11 by K2; 3 and 7 change the key. */
function rotated(event = smallEvent, from = 0): Log {
  const log = new Log();
  const at = (seq: number): string => (seq < from ? smallEvent : event)(seq);
  log.notes(3, at);
  log.change(K1, "rotated");
  log.notes(3, at);
  log.change(K2, "aged");
  log.notes(4, at);
  return log;
}

const otherEvent = (seq: number): string => `{"type":"test.event","data":{"other":${seq}}}`;
const log = rotated();
const TO_1: readonly string[] = [log.prove(3, [4, K0])];
const TO_2: readonly string[] = [...TO_1, log.prove(7, [8, K1])];

/** Entry 0 names a recovery key; 3, sealed by that, says that K0 was lost. */
function recovered(): Log {
  const lost = new Log();
  lost.append(`{"type":"stele.recovery-key","data":{"publicKey":"${RECOVERY.vkey}"}}`);
  lost.notes(2);
  lost.change(K1, "lost");
  lost.notes(2);
  return lost;
}

const lost = recovered();
const NAMES_RECOVERY = lost.prove(0, [1, K0]);
const IS_LOST = lost.prove(3, [4, RECOVERY]);

type Shown = readonly [from: number, to: number, key: TestKey, trust: Part["trust"]];

function part(of: Log, [from, to, key, trust]: Shown, size: number): Part {
  return { from, to, size, root: of.root(size), key: key.vkey, trust, cosignatures: [] };
}

function proven(name: string, file: string, parts: readonly Part[], key = K0): ProofCase {
  return { name, file, key: key.vkey, outcome: "proven", parts };
}

function unproven(name: string, file: string, key = K0): ProofCase {
  return { name, file, key: key.vkey, outcome: "unproven" };
}

function malformed(name: string, file: string): ProofCase {
  return { name, file, key: K0.vkey, outcome: "malformed" };
}

function cosigned(): ProofCase {
  const text = checkpointText(ORIGIN, 12, treeRoot(log.hashes()));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(WITNESSED_AT));
  const signature = WITNESS.sign(`cosignature/v1\ntime ${WITNESSED_AT}\n${text}`);
  const typed = Buffer.concat([Buffer.of(4), WITNESS.publicKey]);
  const keyId = sha256(`${WITNESS.name}\n`, typed).slice(0, 8);
  const field = Buffer.concat([Buffer.from(keyId, "hex"), time, signature]).toString("base64");
  const witness = `${WITNESS.name}+${keyId}+${typed.toString("base64")}`;
  const file = `${log.prove(9, [12, K2], TO_2)}— ${WITNESS.name} ${field}\n`;
  const cosignatures = [{ witness, timestamp: WITNESSED_AT }];
  const parts = [{ ...part(log, [9, 9, K2, "changed"], 12), cosignatures }];
  return { ...proven("a cosigned checkpoint", file, parts), witnesses: [witness] };
}

function provenEntries(): ProofCase[] {
  const in2 = log.prove(9, [12, K2], TO_2);
  return [
    proven("an entry of the first epoch", log.prove(1, [4, K0]), [
      part(log, [1, 1, K0, "pinned"], 4),
    ]),
    proven("the entry that ends an epoch", log.prove(3, [4, K0]), [
      part(log, [3, 3, K0, "pinned"], 4),
    ]),
    proven("an entry of the third epoch, the first key pinned", in2, [
      part(log, [9, 9, K2, "changed"], 12),
    ]),
    proven("the same, the second key pinned", in2, [part(log, [9, 9, K2, "changed"], 12)], K1),
    proven("the same, the third key pinned", in2, [part(log, [9, 9, K2, "pinned"], 12)], K2),
    proven(
      "an entry older than the pinned key, by that key",
      log.prove(1, [12, K2], TO_2),
      [part(log, [1, 1, K2, "pinned"], 12)],
      K2,
    ),
    cosigned(),
    proven("a lost key", lost.prove(5, [6, K1], [NAMES_RECOVERY, IS_LOST]), [
      part(lost, [5, 5, K1, "changed"], 6),
    ]),
    proven(
      "an entry that the recovery key sealed",
      lost.prove(2, [4, RECOVERY], [NAMES_RECOVERY]),
      [part(lost, [2, 2, RECOVERY, "recovery"], 4)],
    ),
  ];
}

/** What a thief of today's key would like to prove of entry 1. */
function forged(): string {
  return rotated(otherEvent, 1).prove(1, [12, K2], TO_2);
}

function unprovenEntries(): ProofCase[] {
  const [first, second] = TO_2 as [string, string];
  const chained = (...keys: string[]): string => log.prove(9, [12, K2], keys);
  const good = log.prove(9, [12, K2], TO_2);
  const extra = JSON.stringify({ leaf: log.leaves[8], keys: TO_2 });
  const at9 = { index: 9, path: path(9, log.hashes()), note: log.note(12, K2) };
  const recoveredBy = (...keys: string[]): string => lost.prove(5, [6, K1], keys);
  const circular = lost.prove(0, [4, RECOVERY]);
  return [
    unproven("a rewritten entry of the first epoch, sealed by a stolen third key", forged()),
    unproven("the same, the second key pinned", forged(), K1),
    unproven("a true entry of the first epoch under the third key", log.prove(1, [12, K2], TO_2)),
    unproven("a key that nobody named", log.prove(1, [4, THIEF])),
    unproven("a key that a later one named, pinned too late", log.prove(1, [4, K0]), K1),
    unproven("no key changes", chained()),
    unproven("a key change left out", chained(second)),
    unproven("the last key change left out", chained(first)),
    unproven("key changes in another order", chained(second, first)),
    unproven("a key change twice", chained(first, first, second)),
    unproven("a key change under a later checkpoint", chained(log.prove(3, [6, K0]), second)),
    unproven("a key change by the key that it names", chained(log.prove(3, [4, K1]), second)),
    unproven("an entry that changes no key", chained(log.prove(2, [3, K0]), second)),
    unproven("the index of another entry", good.replace("\nindex 9\n", "\nindex 8\n")),
    unproven("another entry's leaf", proofText({ ...at9, extra })),
    unproven(
      "a hash of another entry's proof",
      proofText({
        ...at9,
        path: path(8, log.hashes()),
        extra: JSON.stringify({ leaf: log.leaves[9], keys: TO_2 }),
      }),
    ),
    unproven("a lost key without the proof of entry 0", recoveredBy(IS_LOST)),
    unproven("entry 0 under the recovery key itself", recoveredBy(circular, IS_LOST)),
    unproven("entry 0 behind the loss", recoveredBy(IS_LOST, NAMES_RECOVERY)),
    unproven(
      "a loss that the lost key declares",
      recoveredBy(NAMES_RECOVERY, lost.prove(3, [4, K0])),
    ),
  ];
}

function malformedEntries(): ProofCase[] {
  const leaf = log.leaves[9]!;
  const at9 = { index: 9, path: path(9, log.hashes()), note: log.note(12, K2) };
  const carrying = (extra: string): string => proofText({ ...at9, extra });
  const good = JSON.stringify({ leaf, keys: TO_2 });
  const nested = log.prove(3, [4, K0], TO_1);
  return [
    malformed("nothing", ""),
    malformed("no extra", carrying(good).replace(/extra .*\n/, "")),
    malformed("an extra that is no JSON", carrying(leaf.slice(1))),
    malformed("an extra with white space", carrying(good.replace(":", ": "))),
    malformed("an extra with another member", carrying(good.replace(/\}$/, ',"a":1}'))),
    malformed("an extra in another order", carrying(JSON.stringify({ keys: TO_2, leaf }))),
    malformed(
      "an extra with another escape",
      carrying(good.replace("test.event", "t\\u0065st.event")),
    ),
    malformed(
      "a leaf with white space",
      carrying(JSON.stringify({ leaf: leaf.replace(",", ", "), keys: [] })),
    ),
    malformed(
      "a leaf with a leading zero",
      carrying(JSON.stringify({ leaf: leaf.replace(":9", ":09"), keys: [] })),
    ),
    malformed(
      "a line in place of a leaf",
      carrying(JSON.stringify({ leaf: log.line(9).trimEnd(), keys: [] })),
    ),
    malformed(
      "a lone surrogate in the leaf",
      carrying(JSON.stringify({ leaf: leaf.replace("test", "\ud800"), keys: [] })),
    ),
    malformed(
      "a key change that carries key changes",
      carrying(JSON.stringify({ leaf, keys: [nested] })),
    ),
    malformed("a key change that is no proof", carrying(JSON.stringify({ leaf, keys: ["a"] }))),
    malformed("no checkpoint", carrying(good).replace(/\n\n[^]*$/, "\n\nnote\n")),
    malformed(
      "a checkpoint with an extension line",
      carrying(good).replace("=\n\n—", "=\next\n\n—"),
    ),
  ];
}

function extracts(): ProofCase[] {
  const lines = (of: Log, from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, n) => of.line(from + n));
  const middle = proofLine(log.prove(7, [8, K1], TO_1));
  const end = proofLine(log.prove(9, [12, K2], TO_2));
  const good = [...lines(log, 5, 7), middle, ...lines(log, 8, 9), end];
  const text = (edited: readonly string[]): string => edited.join("");
  const fork = rotated(otherEvent, 5);
  const stolen = proofLine(fork.prove(9, [12, K2], TO_2));
  return [
    proven("one entry", text([log.line(1), proofLine(log.prove(1, [4, K0]))]), [
      part(log, [1, 1, K0, "pinned"], 4),
    ]),
    proven("entries of two epochs", text(good), [
      part(log, [5, 7, K1, "changed"], 8),
      part(log, [8, 9, K2, "changed"], 12),
    ]),
    proven(
      "the same, the later key pinned",
      text([...lines(log, 8, 9), end]),
      [part(log, [8, 9, K2, "pinned"], 12)],
      K2,
    ),
    unproven("an entry left out", text(good.toSpliced(1, 1))),
    unproven("an entry twice", text(good.toSpliced(1, 0, good[1]!))),
    unproven("two entries swapped", text(good.toSpliced(0, 2, good[1]!, good[0]!))),
    unproven("an entry changed", text(good).replace('"i":5', '"i":7')),
    unproven("an entry of a fork", text(good.with(1, fork.line(6)))),
    unproven("no proof at the end", text(good.slice(0, -1))),
    unproven("no proof where the key changes", text(good.toSpliced(3, 1))),
    unproven(
      "the proof of another entry",
      text(good.with(3, proofLine(log.prove(6, [8, K1], TO_1)))),
    ),
    unproven(
      "a rewritten past, linked to what a stolen key may prove",
      text([...lines(fork, 5, 9), stolen]),
    ),
    unproven("a true past and a fork", text([...good.slice(0, 4), ...lines(fork, 8, 9), stolen])),
    malformed("no entries", ""),
    malformed("a proof without entries", middle),
    malformed("a proof twice", text([...good, end])),
    malformed("no newline at the end", text(good).slice(0, -1)),
    malformed("an empty line", `\n${text(good)}`),
    malformed("carriage returns", text(good).replaceAll("\n", "\r\n")),
    malformed("a seal", `${JSON.stringify({ seal: log.note(12, K2) })}\n${text(good)}`),
    malformed("white space in a proof line", text(good).replace('{"proof":', '{"proof": ')),
  ];
}

function extensions(): ProofCase[] {
  const file = (oldSize: number, size: number, key: TestKey, of = log): string => {
    const hashes = growth(oldSize, of.hashes(size)).map((hash) => `${base64(hash)}\n`);
    return `old ${oldSize}\n${hashes.join("")}\n${of.note(size, key)}`;
  };
  const held = (kase: ProofCase, old: string, oldKey?: TestKey): ProofCase => ({
    ...kase,
    old,
    ...(oldKey ? { oldKey: oldKey.vkey } : {}),
  });
  const fork = rotated(otherEvent, 2);
  const good = file(3, 4, K0);
  const at = (of: Log, size: number, key: TestKey): string => of.note(size, key);
  return [
    held(proven("an extension", good, []), at(log, 3, K0)),
    held(proven("no entry more", file(4, 4, K0), []), at(log, 4, K0)),
    held(proven("an extension by a later key", file(3, 12, K2), [], K2), at(log, 3, K0), K0),
    held(unproven("the same, one key pinned", file(3, 12, K2), K2), at(log, 3, K0)),
    held(unproven("a fork", file(3, 4, K0, fork)), at(log, 3, K0)),
    held(unproven("another older checkpoint", good), at(log, 2, K0)),
    held(unproven("an older checkpoint by a stranger", good), at(log, 3, THIEF)),
    held(unproven("a newer checkpoint by a stranger", file(3, 4, THIEF)), at(log, 3, K0)),
    held(malformed("no size", good.replace("old 3\n", "")), at(log, 3, K0)),
    held(malformed("a size with a leading zero", good.replace("old 3", "old 03")), at(log, 3, K0)),
    held(malformed("a hash without padding", good.replace("=\n", "\n")), at(log, 3, K0)),
  ];
}

/** Proof files, extracts and proofs of consistency, each with what its check must find. */
export function proofVectors(): object {
  return {
    source: SOURCE,
    description:
      "Files of spec/proofs.md sections 6 to 8. key is the vkey that is pinned, witnesses those " +
      "that are looked for, old the older checkpoint. outcome: proven, unproven (well-formed, " +
      "exit status 1) or malformed (exit status 2). parts: what each checkpoint proves, roots in " +
      "base64.",
    entries: [...provenEntries(), ...unprovenEntries(), ...malformedEntries()],
    extracts: extracts(),
    extensions: extensions(),
  };
}
