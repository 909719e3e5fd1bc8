import { TestSecret } from "../../vectors/generate/crypto.ts";
import { TestJournal } from "../../vectors/generate/journal.ts";
import { edited, found, intact, NAME, published, secret } from "./base.ts";
import type { AttackCase, Given } from "./case.ts";

function sealedBy(key: TestSecret, firstEvent?: string): TestJournal {
  const journal = new TestJournal(key);
  if (firstEvent !== undefined) journal.append(firstEvent);
  journal.commit(3 - journal.size);
  return journal;
}

/** A journal that is sealed with a secret: whoever checks it can forge it. */
export function secretCases(): readonly AttackCase[] {
  const honest = sealedBy(secret);
  const forged = sealedBy(secret, '{"type":"test.forged"}');
  const other = sealedBy(new TestSecret(NAME, Buffer.alloc(32, 0x66)));
  const given: Given = { key: secret.vkey, secretKey: secret.skey };
  const replaced = { ...other.files(), "stele.json": honest.files()["stele.json"]! };
  return [
    {
      name: "good/secret",
      what: "Three entries, sealed with a secret that the check is given.",
      files: published(honest),
      given,
      expect: intact(3),
    },
    {
      name: "secret-entry-changed",
      what: "Files only: entry 1 of a journal that is sealed with a secret says something else.",
      files: edited(published(honest), (text) => text.replace('"i":1', '"i":9')),
      given,
      expect: found("tampered", 1, 0),
    },
    {
      name: "secret-of-attacker",
      what: "Files and a secret of the attacker's: all seals are made with it.",
      files: replaced,
      given,
      expect: found("re-signed", 0),
    },
    {
      name: "secret-forged-by-reader",
      what:
        "The secret, as everybody has who checks: another history. Nothing can show it, " +
        "and the check says so.",
      files: published(forged),
      given,
      expect: intact(3),
    },
    {
      name: "secret-forged-by-reader-kept",
      what: "The secret: the same, but the verifier kept a checkpoint of before.",
      files: published(forged),
      given: { ...given, checkpoint: honest.note() },
      expect: found("forked", 0, 3),
    },
    {
      name: "secret-not-given",
      what: "Nobody did anything, but the check has no secret: nothing can be judged.",
      files: published(honest),
      given: { key: secret.vkey },
      expect: { error: "KEY_MISSING" },
    },
  ];
}
