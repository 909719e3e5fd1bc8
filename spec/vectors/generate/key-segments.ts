import { base64, OTHER_SEED, TEST_SEED, TestKey, TestSecret, treeRoot } from "./crypto.ts";
import { keyEvent, recoveryKeyEvent, sealLine, smallEvent, TestJournal } from "./journal.ts";
import type { SegmentCase } from "./segments.ts";

// Segments whose entries are about keys (spec/keys.md).

/** A segment case with what its check is given. */
interface KeyCase extends SegmentCase {
  /** What seals the segment, instead of the file's `vkey`. */
  readonly vkey?: string;
  /** Of an HMAC key: with its secret. */
  readonly secretKey?: string;
  /** The recovery key that the check is given. */
  readonly recoveryKey?: string;
  /** The key that the last good seal leads to; null for none. */
  readonly nextKey?: string | null;
}

const NAME = "test.example/vectors";
const key = new TestKey(NAME, TEST_SEED);
const next = new TestKey(NAME, OTHER_SEED);
const recovery = new TestKey(NAME, Buffer.alloc(32, 0x40));
const stranger = new TestKey("other.example", OTHER_SEED);
const secret = new TestSecret(NAME, TEST_SEED);

function state(journal: TestJournal, size: number): { size: number; root: string } {
  return { size, root: base64(treeRoot(journal.hashes.slice(0, size))) };
}

/** Intact with all that is sealed; `leadsTo` is the key that follows. */
function intact(
  name: string,
  journal: TestJournal,
  given: Partial<KeyCase> & { readonly sealed?: number } = {},
): KeyCase {
  const { sealed = journal.size, ...rest } = given;
  const unsealed = journal.size - sealed;
  const { lines } = journal;
  const found = { verdict: "intact", firstBad: null, ...state(journal, sealed), unsealed } as const;
  return { name, lines, ...found, nextKey: null, ...rest };
}

type Wrong = readonly [
  verdict: "tampered" | "corrupt" | "re-signed",
  seq: number,
  size: number,
  more?: number,
];

function refused(
  name: string,
  [verdict, firstBad, size, unsealed = 0]: Wrong,
  journal: TestJournal,
  given: Partial<KeyCase> = {},
): KeyCase {
  const { lines } = journal;
  return { name, lines, verdict, firstBad, ...state(journal, size), unsealed, ...given };
}

/** Entries 0 and 1 and a seal. */
function begun(by: TestKey | TestSecret = key): TestJournal {
  const journal = new TestJournal(by);
  journal.commit(2);
  return journal;
}

/** Entry 0 names the recovery key; a seal, entry 1, a seal. */
function withRecovery(): TestJournal {
  const journal = new TestJournal(key);
  journal.append(recoveryKeyEvent(recovery.vkey));
  journal.seal();
  journal.commit(1);
  return journal;
}

/** A segment that starts at entry 2. */
function later(): TestJournal {
  const journal = begun();
  journal.rotate();
  return journal;
}

/** Entry 2 has this event; a seal by the key. */
function third(event: string): TestJournal {
  const journal = begun();
  journal.append(event);
  journal.seal();
  return journal;
}

function ends(): KeyCase[] {
  const rotated = begun();
  rotated.follow(next);
  const aged = begun();
  aged.append(smallEvent(2));
  aged.follow(next, "aged");
  const alone = later();
  alone.follow(next);
  const unsealed = begun();
  unsealed.append(keyEvent(next.vkey));
  const named = { nextKey: next.vkey };
  return [
    intact("a key is followed by another", rotated, named),
    intact("a key has aged, in a commit with another entry", aged, named),
    intact("a segment of nothing but the end of its key", alone, named),
    intact("a key event behind the last seal", unsealed, { sealed: 2 }),
  ];
}

function recoveries(): KeyCase[] {
  const named = withRecovery();
  const lost = withRecovery();
  lost.follow(next, "lost", recovery);
  const others = withRecovery();
  others.append(smallEvent(2));
  others.follow(next, "lost", recovery);
  const atOnce = later();
  atOnce.follow(next, "lost", recovery);
  const given = { recoveryKey: recovery.vkey, nextKey: next.vkey };
  return [
    intact("entry 0 names a recovery key", named),
    intact("a key is lost: the recovery key seals", lost, { nextKey: next.vkey }),
    intact("the recovery key seals another entry too", others, { nextKey: next.vkey }),
    intact("a key is lost before it has sealed anything", atOnce, given),
  ];
}

/** Events that are about keys for people, and not for a verifier. */
function otherSpellings(): KeyCase[] {
  const data = `{"publicKey":"${next.vkey}","reason":"rotated"}`;
  const events: readonly (readonly [name: string, event: string])[] = [
    ["a key event with its members swapped is none", `{"data":${data},"type":"stele.key"}`],
    ["a key event without data is none", '{"type":"stele.key"}'],
    ["an event of a longer type is no key event", `{"type":"stele.keys","data":${data}}`],
    ["an escape in the type: no key event", `{"type":"stele.ke\\u0079","data":${data}}`],
    ["a recovery key that is not in entry 0 is none", recoveryKeyEvent(next.vkey)],
    [
      "a key event inside another event is none",
      `{"type":"a","data":{"type":"stele.key","data":${data}}}`,
    ],
  ];
  return events.map(([name, event]) => {
    const journal = third(event);
    journal.commit(1);
    return intact(name, journal);
  });
}

function secrets(): KeyCase[] {
  const sealed = begun(secret);
  const given = { vkey: secret.vkey, secretKey: secret.skey };
  const changed = begun(secret);
  changed.lines[3] = sealLine(`${changed.checkpoint()}\n${otherMac(changed.checkpoint())}`);
  const rotated = begun(secret);
  rotated.follow(next);
  const named = new TestJournal(secret);
  named.append(recoveryKeyEvent(recovery.vkey));
  named.seal();
  return [
    intact("sealed with a secret", sealed, given),
    refused("another authenticator", ["tampered", 0, 0, 2], changed, given),
    refused("a secret names a next key", ["tampered", 2, 2], rotated, given),
    refused("a journal with a secret names a recovery key", ["tampered", 0, 0], named, given),
  ];
}

/** The secret's signature line over another text. */
function otherMac(text: string): string {
  return secret.signatureLine(`${text}x`);
}

/** What follows the end of a key in its segment. */
function behindTheEnd(): KeyCase[] {
  const entry = begun();
  entry.append(keyEvent(next.vkey));
  entry.append(smallEvent(3));
  entry.seal();
  const goingOn = begun();
  goingOn.follow(next);
  goingOn.commit(1);
  const byOld = begun();
  byOld.follow(next);
  byOld.key = key;
  byOld.commit(1);
  const unsealed = begun();
  unsealed.follow(next);
  unsealed.append(smallEvent(3));
  const sealAgain = begun();
  sealAgain.follow(next);
  sealAgain.seal();
  const twice = begun();
  twice.append(keyEvent(next.vkey));
  twice.append(keyEvent(recovery.vkey));
  twice.seal();
  const noSeal = begun();
  noSeal.append(keyEvent(next.vkey));
  noSeal.append(smallEvent(3));
  return [
    refused("an entry between the end of a key and its seal", ["tampered", 3, 2, 1], entry),
    refused("an entry behind the end of a key, unsealed", ["tampered", 3, 2, 1], noSeal),
    refused("a commit by the next key in the segment of the old", ["tampered", 3, 3], goingOn),
    refused("a commit by the old key behind its end", ["tampered", 3, 3], byOld),
    refused("an unsealed entry behind the end of a key", ["tampered", 3, 3], unsealed),
    refused("a seal behind the end of a key", ["tampered", 3, 3], sealAgain),
    refused("two ends of a key in one commit", ["tampered", 3, 2, 1], twice),
  ];
}

/** Key events that are refused: entry 2, behind a seal over two. */
function malformed(): KeyCase[] {
  const good = keyEvent(next.vkey);
  const { vkey } = next;
  const typed = (type: number): string =>
    `${NAME}+${next.keyId}+${Buffer.concat([Buffer.of(type), next.publicKey]).toString("base64")}`;
  const events: readonly (readonly [name: string, event: string])[] = [
    ["the next key is the present one", keyEvent(key.vkey)],
    ["the next key has another name", keyEvent(stranger.vkey)],
    ["the next key is a secret's", keyEvent(new TestSecret(NAME, OTHER_SEED).vkey)],
    ["the next key is a witness's", keyEvent(typed(4))],
    ["the next key has another id", keyEvent(vkey.replace(next.keyId, key.keyId))],
    ["the next key is none", keyEvent("key")],
    ["an unknown reason", keyEvent(vkey, "stolen")],
    ["no reason", `{"type":"stele.key","data":{"publicKey":"${vkey}"}}`],
    ["data of another form", '{"type":"stele.key","data":1}'],
    ["another member in data", good.replace('d"}}', 'd","note":1}}')],
    ["another member behind data", good.replace(/\}$/, ',"id":"k"}')],
    ["another member in front of data", good.replace(',"data"', ',"id":"k","data"')],
    [
      "members of data swapped",
      `{"type":"stele.key","data":{"reason":"rotated","publicKey":"${vkey}"}}`,
    ],
    ["an escape in the key", keyEvent(vkey.replace("/", "\\/"))],
    ["an escaped letter in the reason", keyEvent(vkey, "\\u0072otated")],
    ["a letter beyond ASCII in the key", keyEvent(`é${vkey}`)],
    ["a key event of 60,000 bytes", keyEvent("x".repeat(60_000))],
    ["a key event with much behind it", good.replace(/\}$/, `,"a":"${"x".repeat(60_000)}"}`)],
  ];
  return events.map(([name, event]) => refused(name, ["tampered", 2, 2], third(event)));
}

function falseRecoveryKeys(): KeyCase[] {
  const event = recoveryKeyEvent(recovery.vkey);
  const events: readonly (readonly [name: string, event: string])[] = [
    ["the recovery key is the first key", recoveryKeyEvent(key.vkey)],
    ["the recovery key has another name", recoveryKeyEvent(stranger.vkey)],
    ["the recovery key is none", recoveryKeyEvent("")],
    ["another member beside the recovery key", event.replace('"}}', '","note":1}}')],
    ["another member behind the recovery key", event.replace(/\}$/, ',"id":"k"}')],
  ];
  return events.map(([name, text]) => {
    const journal = new TestJournal(key);
    journal.append(text);
    journal.seal();
    return refused(name, ["tampered", 0, 0], journal);
  });
}

/** The right entry, and a seal by the wrong key. */
function wrongSealers(): KeyCase[] {
  const byNext = begun();
  byNext.follow(next, "rotated", next);
  const lostByKey = withRecovery();
  lostByKey.follow(next, "lost", key);
  const rotatedByRecovery = withRecovery();
  rotatedByRecovery.follow(next, "rotated", recovery);
  const plain = withRecovery();
  plain.append(smallEvent(2));
  plain.seal(recovery);
  const unnamed = begun();
  unnamed.follow(next, "lost", recovery);
  const unsealed = new TestJournal(key);
  unsealed.append(recoveryKeyEvent(recovery.vkey));
  unsealed.follow(next, "lost", recovery);
  const toRecovery = withRecovery();
  toRecovery.follow(recovery);
  const laterToRecovery = later();
  laterToRecovery.follow(recovery);
  const given = { recoveryKey: recovery.vkey };
  return [
    refused("the end of a key, sealed by the next", ["re-signed", 2, 2, 1], byNext),
    refused("a lost key, sealed by the key itself", ["re-signed", 2, 2, 1], lostByKey),
    refused("a rotation, sealed by the recovery key", ["re-signed", 2, 2, 1], rotatedByRecovery),
    refused("any commit, sealed by the recovery key", ["re-signed", 2, 2, 1], plain),
    refused("a lost key without a recovery key", ["tampered", 2, 2, 1], unnamed),
    refused(
      "a recovery key that was given for a first segment that names none",
      ["tampered", 2, 2, 1],
      unnamed,
      given,
    ),
    refused("a lost key before a seal covers entry 0", ["tampered", 0, 0, 2], unsealed),
    refused("the recovery key as the next key", ["tampered", 2, 2], toRecovery),
    refused(
      "the recovery key as the next key, in a later segment",
      ["tampered", 2, 2],
      laterToRecovery,
      given,
    ),
    ...signatureLines(),
  ];
}

function signatureLines(): KeyCase[] {
  const journal = begun();
  const text = journal.checkpoint();
  const sealed = (lines: string): TestJournal => {
    const other = begun();
    other.lines[3] = sealLine(`${text}\n${lines}`);
    return other;
  };
  const both = sealed(next.signatureLine(text) + key.signatureLine(text));
  const named = sealed(key.signatureLine(text).replace(NAME, "other.example"));
  return [
    refused("a seal by another key first, and by the key", ["re-signed", 0, 0, 2], both),
    refused("the key's id under another name", ["tampered", 0, 0, 2], named),
  ];
}

/** Segments with entries about keys, right and wrong. */
export function keySegmentCases(): object[] {
  return [
    ...ends(),
    ...recoveries(),
    ...otherSpellings(),
    ...behindTheEnd(),
    ...malformed(),
    ...falseRecoveryKeys(),
    ...wrongSealers(),
    ...secrets(),
  ];
}
