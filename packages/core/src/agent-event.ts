import { fromBase64, toBase64 } from "./base64.ts";
import { utf8 } from "./bytes.ts";
import { SteleError } from "./error.ts";
import { encodeEvent, type EventText } from "./event.ts";
import type { Hasher } from "./hash.ts";
import {
  formatVerifierKey,
  isSignedBy,
  parseVerifierKey,
  type Primitives,
  type Signer,
  type VerifierKey,
} from "./key.ts";
import { preAuthEncoding } from "./signed-event.ts";

// The entries by which a journal says which keys its agents sign with (spec/agents.md). Only these
// exact spellings count, so that every verifier sees the same keys.

/** That an agent signs with a key from here on, or no longer. The key's name is the agent. */
export interface AgentChange {
  readonly action: "add" | "retire";
  readonly key: VerifierKey;
  /** The agent's own signature over journal and key: that it has the private one. */
  readonly proof?: Uint8Array | undefined;
}

/** An agent change and where it stands. */
export interface PlacedAgentChange extends AgentChange {
  readonly seq: number;
}

/** What every such event begins with, and no other. */
export const AGENT_EVENT_BEGINNING = '{"type":"stele.agent",';
const FORM = new RegExp(
  String.raw`^\{"type":"stele\.agent","data":\{"action":"(add|retire)","agent":"([^"\\]*)",` +
    String.raw`"publicKey":"([^"\\]*)"(?:,"proof":"([A-Za-z0-9+/]{86}==)")?\}\}$`,
);
const POSSESSION = "application/vnd.stele.agent-key";

/** The event that states the change. */
export function agentEvent({ action, key, proof }: AgentChange): EventText {
  const publicKey = formatVerifierKey(key);
  const proven = proof === undefined ? {} : { proof: toBase64(proof) };
  return encodeEvent({
    type: "stele.agent",
    data: { action, agent: key.name, publicKey, ...proven },
  });
}

/**
 * The change that an event's text states; undefined when it states none. Throws KEY_MALFORMED when
 * it begins like one and is another.
 */
export function parseAgentChange(hasher: Hasher, untrustedEvent: string): AgentChange | undefined {
  if (!untrustedEvent.startsWith(AGENT_EVENT_BEGINNING)) return undefined;
  const [, action, agent, vkey, proofText] = FORM.exec(untrustedEvent) ?? [];
  const proof = proofText === undefined ? undefined : fromBase64(proofText);
  const hasProof = proofText !== undefined;
  if (vkey === undefined || (hasProof && (!proof || action !== "add"))) {
    throw new SteleError("KEY_MALFORMED", "the event names no agent's key");
  }
  const key = parseVerifierKey(hasher, vkey, ["ed25519"]);
  if (key.name !== agent) {
    throw new SteleError("KEY_MALFORMED", `the key is ${key.name}'s, the agent is ${agent}`);
  }
  return { action: action as AgentChange["action"], key, proof };
}

/** What an agent signs to show that it has a key's private half, for one journal only. */
export function possessionMessage(origin: string, key: VerifierKey): Uint8Array {
  return preAuthEncoding(POSSESSION, utf8(`${origin}\n${formatVerifierKey(key)}\n`));
}

/** An agent's proof, for the journal of this origin, that it has the signer's key. */
export async function provePossession(origin: string, signer: Signer): Promise<Uint8Array> {
  return signer.sign(possessionMessage(origin, signer.key));
}

/** Whether the proof of possession is the key's own, for the journal of this origin. */
export function provesPossession(
  primitives: Primitives,
  origin: string,
  { key, proof }: AgentChange,
): boolean {
  return proof !== undefined && isSignedBy(primitives, key, possessionMessage(origin, key), proof);
}

/**
 * Which keys of which agents are active while changes are taken in order: what decides whether an
 * event is signed by its agent.
 */
export class AgentKeys {
  readonly #active = new Map<string, readonly VerifierKey[]>();

  /** The active keys, agents in the order in which they came. */
  get all(): readonly VerifierKey[] {
    return [...this.#active.values()].flat();
  }

  /** Whether the key is active. */
  has(key: VerifierKey): boolean {
    const vkey = formatVerifierKey(key);
    return (this.#active.get(key.name) ?? []).some((known) => formatVerifierKey(known) === vkey);
  }

  /** Takes a change. Adding what is there, or retiring what is not, changes nothing. */
  take({ action, key }: AgentChange): void {
    const vkey = formatVerifierKey(key);
    const others = (this.#active.get(key.name) ?? []).filter(
      (known) => formatVerifierKey(known) !== vkey,
    );
    this.#active.set(key.name, action === "add" ? [...others, key] : others);
  }

  /** The active keys of an agent that have this id. */
  find(agent: string, keyId: string): readonly VerifierKey[] {
    return (this.#active.get(agent) ?? []).filter((key) => key.keyId === keyId);
  }
}
