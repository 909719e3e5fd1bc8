import { matchesAscii, decodeUtf8 } from "@stele/core/bytes";
import {
  AGENT_EVENT_BEGINNING,
  AgentKeys,
  parseAgentChange,
  provesPossession,
  type PlacedAgentChange,
} from "@stele/core/agent-event";
import { SteleError } from "@stele/core/error";
import { hasMember, parseJson } from "@stele/core/json";
import { isSignedBy, type Primitives } from "@stele/core/key";
import { eventMessage, SIGNATURE_FIELD_BYTES, signatureOf } from "@stele/core/signed-event";
import type { Finding } from "@stele/core/verdict";

/** What a segment's events say of agents' keys and signatures. */
export interface SignaturesReport {
  /** Signed events whose signature is that of an active key of their agent. */
  readonly checked: number;
  /** Signed events whose key may have been named by entries that were dropped. */
  readonly unchecked: number;
  /** The sealed changes of agents' keys. */
  readonly changes: readonly PlacedAgentChange[];
  readonly finding: Finding | undefined;
}

/** What agents' signatures are checked against. */
export interface SignatureCheckOptions {
  readonly primitives: Primitives;
  readonly origin: string;
  /** All changes of agents' keys in the journal, in order; the segment's own are reported. */
  readonly agents: readonly PlacedAgentChange[];
  /** Whether entries about agents' keys were dropped, and not kept. */
  readonly areSomeLost: boolean;
}

const MEMBER = Buffer.from('signature"');
const ESCAPE = Buffer.from("\\u00");
const FIELD_BEGINNING = ',"signature":{"keyid":"';

/** Checks the signatures of one segment's entries, whose lines are otherwise good, in order. */
export class SignatureCheck {
  readonly #options: SignatureCheckOptions;
  readonly #keys = new AgentKeys();
  #next = 0;
  readonly #signed: { readonly seq: number; readonly isChecked: boolean }[] = [];
  readonly #changes: PlacedAgentChange[] = [];
  #finding: Finding | undefined;
  #checked = 0;
  #unchecked = 0;

  constructor(options: SignatureCheckOptions) {
    this.#options = options;
  }

  /** Takes an entry's event. */
  look(event: Uint8Array, seq: number, sealedSize: number): void {
    this.#count(sealedSize);
    const bytes = Buffer.from(event.buffer, event.byteOffset, event.byteLength);
    // Changes are all collected, also behind what may be found wrong only for want of them.
    if (matchesAscii(bytes, 0, AGENT_EVENT_BEGINNING)) this.#change(bytes, seq);
    else if (!this.#finding && mayBeSigned(bytes)) this.#finding = this.#checkEvent(bytes, seq);
  }

  /** What was found in entries that a seal covers. */
  report(sealedSize: number): SignaturesReport {
    this.#count(sealedSize);
    const finding = this.#finding && this.#finding.seq < sealedSize ? this.#finding : undefined;
    const changes = this.#changes.filter(({ seq }) => seq < sealedSize);
    return { checked: this.#checked, unchecked: this.#unchecked, changes, finding };
  }

  #count(sealedSize: number): void {
    const isSealed = this.#signed[0] !== undefined && this.#signed[0].seq < sealedSize;
    if (!isSealed) return;
    const unsealed = this.#signed.filter(({ seq }) => seq >= sealedSize);
    for (const { isChecked } of this.#signed.slice(0, this.#signed.length - unsealed.length)) {
      if (isChecked) this.#checked++;
      else this.#unchecked++;
    }
    this.#signed.splice(0, this.#signed.length, ...unsealed);
  }

  #change(event: Buffer, seq: number): void {
    const { primitives, origin } = this.#options;
    try {
      // The forms that count are ASCII; what is not even UTF-8 is none of them.
      const change = parseAgentChange(primitives, event.toString("latin1"));
      if (!change) return;
      this.#changes.push({ ...change, seq });
      if (change.proof && !provesPossession(primitives, origin, change)) {
        this.#finding ??= tampered(seq, "its proof of possession is not the agent's");
      }
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
      this.#finding ??= tampered(seq, `it names no agent's key: ${error.message}`);
    }
  }

  #checkEvent(event: Buffer, seq: number): Finding | undefined {
    const found = signatureOf(event.toString("utf8"));
    if (!found) {
      const has = hasMember(event, "signature");
      return has ? tampered(seq, "its signature is not in the one spelling") : undefined;
    }
    if (decodeUtf8(event) === undefined) return tampered(seq, "it is signed, and is not UTF-8");
    const agent = agentOf(found.body);
    if (agent === undefined) return tampered(seq, "it is signed, and names no agent, or oddly");
    this.#advance(seq);
    const keys = this.#keys.find(agent, found.keyId);
    const message = eventMessage(found.body);
    const { primitives, areSomeLost } = this.#options;
    const isChecked = keys.some((key) => isSignedBy(primitives, key, message, found.signature));
    if (isChecked || (keys.length === 0 && areSomeLost && !this.#isNamed(agent, found.keyId))) {
      this.#signed.push({ seq, isChecked });
      return undefined;
    }
    if (keys.length > 0) return tampered(seq, `the signature of ${agent} is not over this event`);
    const key = `${agent}+${found.keyId}`;
    return tampered(seq, `it is signed with ${key}, which is no key of that agent there`);
  }

  /** Whether an entry that is still there names the key: then the dropped ones do not matter. */
  #isNamed(agent: string, keyId: string): boolean {
    return this.#options.agents
      .slice(0, this.#next)
      .some(({ key }) => key.name === agent && key.keyId === keyId);
  }

  /** Takes the changes before an entry. */
  #advance(seq: number): void {
    const { agents } = this.#options;
    for (let change = agents[this.#next]; change && change.seq < seq; change = agents[this.#next]) {
      this.#keys.take(change);
      this.#next++;
    }
  }
}

/** Cheap, and wrong on one side only: the name can be written with escapes too. */
function mayBeSigned(event: Buffer): boolean {
  const field = event.length - 1 - SIGNATURE_FIELD_BYTES;
  if (matchesAscii(event, field, FIELD_BEGINNING)) return true;
  return event.includes(MEMBER) || event.includes(ESCAPE);
}

/** The agent of an event that is read in one way only, and has no second signature. */
function agentOf(body: string): string | undefined {
  try {
    const { value } = parseJson(body, { maxDepth: MAX_DEPTH });
    const { agent } = value as { readonly agent?: unknown };
    const isSingle = !Object.hasOwn(value as object, "signature");
    return isSingle && typeof agent === "string" ? agent : undefined;
  } catch (error) {
    if (error instanceof SteleError) return undefined;
    throw error;
  }
}

/** Deeper than any event that is accepted. */
const MAX_DEPTH = 200;

function tampered(seq: number, reason: string): Finding {
  return { verdict: "tampered", seq, reason };
}
