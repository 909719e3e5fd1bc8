import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddCheckpoint } from "@stele/core/add-checkpoint";
import { utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import {
  checkEntryProof,
  checkExtension,
  ExtractChecker,
  formatProofLine,
  parseEntryProof,
  parseExtension,
  parseSignedCheckpoint,
} from "@stele/core/evidence";
import { formatVerifierKey, type Primitives } from "@stele/core/key";
import { consistencyNodes, proveConsistency } from "@stele/core/proof";
import { primitives } from "../vectors/primitives.ts";
import { key, PaperLog, witness } from "./paper-log.ts";

// Whatever becomes of a file's bytes: it is malformed, proves nothing, or proves what it proved.

const [K0, K1, W] = [key(1), key(2), witness(21)];
const log = new PaperLog(K0);
log.tell(2);
log.change(K1);
log.tell(3);

const seen = new Map<string, boolean>();
/** Checks no signature twice. */
const remembering: Primitives = {
  ...primitives,
  verify(publicKey, message, signature) {
    const parts = [publicKey, message, signature];
    const name = parts.map((part) => Buffer.from(part).toString("latin1")).join("|");
    const known = seen.get(name) ?? primitives.verify(publicKey, message, signature);
    seen.set(name, known);
    return known;
  },
};
const trust = { key: K0, witnesses: [W] };

/** What the bytes prove, as text; undefined when they prove nothing. */
type Claim = (bytes: Uint8Array) => string | undefined;

function claim(proven: { readonly proven: boolean }, entries: unknown): string | undefined {
  if (!proven.proven) return undefined;
  return JSON.stringify([proven, entries], (name, value: unknown) =>
    name === "key" ? formatVerifierKey(value as typeof K0) : value,
  );
}

const proves: Claim = (bytes) => {
  const proof = parseEntryProof(bytes);
  return claim(checkEntryProof(remembering, trust, proof), proof.leaf);
};

const extracts: Claim = (bytes) => {
  const lines: string[] = [];
  const checker = new ExtractChecker(remembering, trust, (line) => lines.push(line));
  checker.push(bytes);
  return claim(checker.end(), lines);
};

const old = parseSignedCheckpoint(utf8(log.note(4, K1)));
const extends_: Claim = (bytes) =>
  claim(checkExtension(remembering, { ...trust, key: K1 }, old, parseExtension(bytes)), []);

function extension(): string {
  const growth = { oldSize: 4, size: 6 };
  const proof = proveConsistency(primitives, growth, log.read(consistencyNodes(growth)));
  return formatAddCheckpoint({
    oldSize: 4,
    proof,
    checkpoint: log.note(6, K1, { cosigners: [W] }),
  });
}

function countersigned(seq: number): string {
  return formatProofLine(log.prove(seq, { cosigners: [W] }));
}

const files: readonly (readonly [what: string, text: string, claims: Claim])[] = [
  ["a proof", log.prove(4, { cosigners: [W] }), proves],
  ["an extract", [...log.extract(1, 3).slice(0, -1), countersigned(3)].join(""), extracts],
  ["a proof of consistency", extension(), extends_],
];

/** What it proves, less the witnesses, whose lines may be lost without harm to the rest. */
function withoutWitnesses(proven: string): string {
  return proven.replaceAll(/"cosignatures":\[[^\]]*\]/g, '"cosignatures":[]');
}

for (const [what, text, claims] of files) {
  test(`${what}: no byte can be changed, left out or doubled to prove something else`, () => {
    const bytes = utf8(text);
    const whole = claims(bytes);
    assert.ok(whole !== undefined && whole.includes("witness.example"), what);
    let refused = 0;
    for (const [how, mangled] of mangledBytes(bytes)) {
      const found = orRefused(() => claims(mangled));
      if (found === undefined) refused++;
      else if (found !== whole) assert.equal(found, withoutWitnesses(whole), `${what}: ${how}`);
    }
    assert.ok(refused > bytes.length);
  });

  test(`${what}: no beginning of it proves more than its own entries`, () => {
    const bytes = utf8(text);
    const shorter = new Set(["", withoutWitnesses(claims(bytes)!)]);
    // The first part of an extract is an extract, and says where it ends.
    if (claims === extracts) shorter.add(claims(utf8(log.extract(1, 2).join("")))!);
    for (let end = 0; end < bytes.length; end++) {
      const found = orRefused(() => claims(bytes.slice(0, end))) ?? "";
      assert.ok(shorter.has(found), `${what}: ${end} bytes`);
    }
  });
}

function* mangledBytes(bytes: Uint8Array): Generator<readonly [how: string, Uint8Array]> {
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 32]) {
      const flipped = Uint8Array.from(bytes);
      flipped[at]! ^= bit;
      yield [`bit ${bit} of byte ${at}`, flipped];
    }
    const before = bytes.subarray(0, at);
    yield [`without byte ${at}`, Buffer.concat([before, bytes.subarray(at + 1)])];
    yield [
      `byte ${at} twice`,
      Buffer.concat([before, bytes.subarray(at, at + 1), bytes.subarray(at)]),
    ];
  }
}

function orRefused(call: () => string | undefined): string | undefined {
  try {
    return call();
  } catch (error) {
    assert.ok(error instanceof SteleError, String(error));
    assert.match(error.code, /^(PROOF|NOTE|CHECKPOINT)_MALFORMED$/, error.message);
    return undefined;
  }
}
