import { TestKey } from "../../vectors/generate/crypto.ts";
import { TestJournal } from "../../vectors/generate/journal.ts";
import { first, found, intact, NAME, opens, PINNED, published } from "./base.ts";
import type { AttackCase, Expected } from "./case.ts";

// Events that agents signed, and a keeper who can seal whatever he likes: every journal here has
// good hashes and seals.

const AGENT = "critic-1";
/** The agent's key, and the one that follows it. */
export const critic = new TestKey(AGENT, Buffer.alloc(32, 0x21));
export const next = new TestKey(AGENT, Buffer.alloc(32, 0x22));
const other = new TestKey("critic-2", Buffer.alloc(32, 0x23));

function encoded(type: string, body: string): string {
  return `DSSEv1 ${type.length} ${type} ${Buffer.byteLength(body)} ${body}`;
}

/** What a critic may say. */
export function approval(verdict: string, agent = AGENT): string {
  return JSON.stringify({ type: "note", agent, data: { verdict } });
}

function signatureOf(body: string, by: TestKey): string {
  const sig = by.sign(encoded("application/vnd.stele.event+json", body)).toString("base64");
  return `,"signature":{"keyid":"${by.vkey.split("+")[1]}","sig":"${sig}"}}`;
}

/** An event with its agent's signature. */
export function signed(body: string, by = critic): string {
  return body.slice(0, -1) + signatureOf(body, by);
}

/** An event about an agent's key; proven for the journal of that name. */
export function change(action: "add" | "retire", key: TestKey, proofFor?: string): string {
  const [agent] = key.vkey.split("+");
  const held = encoded("application/vnd.stele.agent-key", `${proofFor}\n${key.vkey}\n`);
  const proof = proofFor === undefined ? {} : { proof: key.sign(held).toString("base64") };
  return JSON.stringify({
    type: "stele.agent",
    data: { action, agent, publicKey: key.vkey, ...proof },
  });
}

/** A journal with these events, sealed well. */
function journalOf(...events: readonly string[]): TestJournal {
  const journal = new TestJournal(first);
  for (const event of events) journal.append(event);
  journal.seal();
  return journal;
}

function keeper(
  name: string,
  what: string,
  events: readonly string[],
  expect: Expected,
): AttackCase {
  const said = name.startsWith("good/") ? what : `The keeper, who has the journal's key: ${what}`;
  const files = published(journalOf(...events));
  return { name, what: said, files, given: PINNED, expect, opening: opens() };
}

const ADDED = change("add", critic, NAME);
const APPROVED = approval("approved");
const REJECTED = approval("rejected");

function expected(size: number, checked: number): Expected {
  return { ...intact(size), signatures: { checked, unchecked: 0 } };
}

/** Words put into an agent's mouth. */
export function signatureCases(): readonly AttackCase[] {
  const body = signed(APPROVED);
  return [
    keeper(
      "good/signed-events",
      "Events of an agent before and after it changed its key, and one that is not signed.",
      [
        ADDED,
        body,
        change("add", next),
        change("retire", critic),
        signed(REJECTED, next),
        APPROVED,
        JSON.stringify({ type: "note", data: { signature: { keyid: "00000000", sig: "" } } }),
      ],
      expected(7, 2),
    ),
    keeper(
      "signature-repeated",
      "a signed event is recorded twice. Its signature says nothing of when and how often.",
      [ADDED, body, body],
      expected(3, 2),
    ),
    keeper(
      "signature-removed",
      "an event's signature is removed, so that it is nobody's word. No signature is wrong, and " +
        "only who knows that this agent signs everything can see it.",
      [ADDED, APPROVED],
      expected(2, 0),
    ),
    ...forgeries(),
    ...spellings(),
    ...changes(),
  ];
}

/** What no key of the agent signed. */
function forgeries(): AttackCase[] {
  const at1 = found("tampered", 1, 2);
  const body = signed(APPROVED);
  return [
    keeper(
      "signed-event-changed",
      "an event is changed under its signature.",
      [ADDED, REJECTED.slice(0, -1) + signatureOf(APPROVED, critic)],
      at1,
    ),
    keeper(
      "signature-moved",
      "a signature is moved to another event of the agent.",
      [ADDED, approval("needs_revision").slice(0, -1) + signatureOf(APPROVED, critic), body],
      found("tampered", 1, 3),
    ),
    keeper(
      "signed-for-another-agent",
      "an agent's event is signed with the key of another one.",
      [ADDED, change("add", other), signed(APPROVED, other)],
      found("tampered", 2, 3),
    ),
    keeper(
      "signed-by-retired-key",
      "an event is signed with a key that was retired before.",
      [ADDED, change("retire", critic), body],
      found("tampered", 2, 3),
    ),
    keeper(
      "signed-by-unregistered-key",
      "an event is signed with a key that no entry names.",
      [APPROVED, body],
      at1,
    ),
    keeper(
      "signed-before-key-was-added",
      "an event is signed with a key that a later entry names.",
      [body, ADDED],
      found("tampered", 0, 2),
    ),
    keeper(
      "resigned-by-keeper",
      "an event is changed and signed anew with the journal's key under the agent's key id.",
      [
        ADDED,
        signed(REJECTED, new TestKey(NAME, Buffer.alloc(32, 0x01))).replace(
          /"keyid":"[0-9a-f]{8}"/,
          `"keyid":"${critic.vkey.split("+")[1]}"`,
        ),
      ],
      at1,
    ),
  ];
}

/** A signature has one place and one spelling. */
function spellings(): AttackCase[] {
  const body = signed(APPROVED);
  const at1 = found("tampered", 1, 2);
  const respelled: readonly (readonly [string, string, string])[] = [
    ["first", "comes first in the event", `{${body.slice(1 + APPROVED.length - 1, -1)},`],
    ["escaped", "has an escape in its name", body.replace("signature", "\\u0073ignature")],
    ["lax-base64", "is in base64 with bits that mean nothing", lax(body)],
    ["with-member", "has one member more", body.replace(/"\}\}$/, '","alg":"Ed25519"}}')],
    ["twice", "comes twice", `${body.slice(0, -1)}${signatureOf(APPROVED, critic)}`],
  ];
  return respelled.map(([name, how, event]) =>
    keeper(
      `signature-${name}`,
      `a signature ${how}.`,
      [ADDED, name === "first" ? `${event.replace("{,", "{")}${APPROVED.slice(1)}` : event],
      at1,
    ),
  );
}

/** The last letter before the padding has four bits that no byte has. */
function lax(event: string): string {
  return event.replace(/(.)==/, (_, letter: string) => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return `${alphabet[alphabet.indexOf(letter) + 1]}==`;
  });
}

/** The entries that name agents' keys. */
function changes(): AttackCase[] {
  const at0 = found("tampered", 0, 1);
  return [
    keeper(
      "agent-proof-of-another-journal",
      "a key is added with a proof of possession that was made for another journal.",
      [change("add", critic, "other.example/journal")],
      at0,
    ),
    keeper(
      "agent-key-of-another-name",
      "a key is added whose name is not the agent's.",
      [ADDED.replace('"agent":"critic-1"', '"agent":"critic-2"')],
      at0,
    ),
    keeper(
      "agent-event-respelled",
      "a key is added by an entry in another spelling, which only some readers would take.",
      [ADDED.replace('"action":"add"', '"action":"\\u0061dd"')],
      at0,
    ),
  ];
}
