import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "@stele/core/bytes";
import { formatCheckpoint, parseCheckpoint } from "@stele/core/checkpoint";
import {
  formatSigningKey,
  formatVerifierKey,
  parseSigningKey,
  parseVerifierKey,
  signingKey,
} from "@stele/core/key";
import { formatSignatureLine, parseNote, verifyNote } from "@stele/core/note";
import { primitives } from "./primitives.ts";
import { readVectors, refuses } from "./read.ts";

interface Notes {
  readonly valid: readonly {
    desc: string;
    vkeys: string[];
    skey?: string;
    text: string;
    note: string;
  }[];
  readonly invalidSignature: readonly { vkeys: string[]; note: string }[];
  readonly malformed: readonly { note: string }[];
  readonly badVkeys: readonly (string | { vkey: string })[];
}

const notes = readVectors("signed-note.json") as Notes;

test("signed-note.json: valid notes verify by each key", () => {
  for (const { desc, vkeys, text, note: whole } of notes.valid) {
    const note = parseNote(utf8(whole));
    assert.equal(note.text, text, desc);
    for (const vkey of vkeys) verifyNote(primitives, note, parseVerifierKey(primitives, vkey));
  }
});

test("signed-note.json: signing gives the upstream bytes", () => {
  for (const { skey, text, note } of notes.valid) {
    if (skey === undefined) continue;
    const key = parseSigningKey(primitives, skey);
    const line = formatSignatureLine(key, primitives.sign(key.seed, utf8(text)));
    assert.equal(`${text}\n${line}`, note);
  }
});

test("signed-note.json: what is wrong is refused", () => {
  for (const { vkeys, note } of notes.invalidSignature) {
    const key = parseVerifierKey(primitives, vkeys[0]!);
    const parsed = parseNote(utf8(note));
    refuses("NOTE_UNVERIFIED", () => verifyNote(primitives, parsed, key), note);
  }
  for (const { note } of notes.malformed) {
    refuses("NOTE_MALFORMED", () => parseNote(utf8(note)), note);
  }
  for (const bad of notes.badVkeys) {
    const vkey = typeof bad === "string" ? bad : bad.vkey;
    refuses("KEY_MALFORMED", () => parseVerifierKey(primitives, vkey), vkey);
  }
});

interface Keys {
  readonly accepted: readonly {
    name: string;
    seed: string;
    publicKey: string;
    keyId: string;
    vkey: string;
    skey: string;
  }[];
  readonly refused: readonly { why: string; vkey: string }[];
}

const keys = readVectors("keys.json") as Keys;

test("keys.json: a name and a seed make the key, and its texts read back", () => {
  for (const { name, seed, publicKey, keyId, vkey, skey } of keys.accepted) {
    const key = signingKey(primitives, name, Buffer.from(seed, "hex"));
    assert.equal(Buffer.from(key.publicKey).toString("hex"), publicKey);
    assert.equal(key.keyId, keyId);
    assert.equal(formatVerifierKey(key), vkey);
    assert.equal(formatSigningKey(key), skey);
    assert.equal(formatVerifierKey(parseVerifierKey(primitives, vkey)), vkey);
    assert.equal(formatSigningKey(parseSigningKey(primitives, skey)), skey);
  }
});

test("keys.json: what is no vkey is refused", () => {
  for (const { why, vkey } of keys.refused) {
    refuses("KEY_MALFORMED", () => parseVerifierKey(primitives, vkey), why);
  }
});

interface Checkpoints {
  readonly accepted: readonly { text: string; origin: string; size: number; root: string }[];
  readonly refused: readonly { why: string; text: string }[];
}

const checkpoints = readVectors("checkpoints.json") as Checkpoints;

test("checkpoints.json: checkpoints read, and write the same text", () => {
  for (const { text, ...expected } of checkpoints.accepted) {
    const checkpoint = parseCheckpoint(text);
    assert.deepEqual(checkpoint, expected);
    assert.equal(formatCheckpoint(checkpoint), text);
  }
});

test("checkpoints.json: what is no checkpoint is refused", () => {
  for (const { why, text } of checkpoints.refused) {
    refuses("CHECKPOINT_MALFORMED", () => parseCheckpoint(text), why);
  }
});
