import { utf8 } from "@stele/core/bytes";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import type { Hash } from "@stele/core/hash";
import type { Primitives } from "@stele/core/key";
import { parseNote } from "@stele/core/note";
import { isQuorum, parsePolicy, type Policy, type PolicyWitness } from "@stele/core/policy";
import type { WitnessClient, WitnessFailure, WitnessOutcome } from "@stele/journal/witnessing";
import { nodeEd25519, nodeHasher } from "@stele/store/node";
import { ask, NotSigned, type Asked, type Question } from "./ask.ts";

/** How long a client waits. Each from 1 to 2^31 - 1 ms. */
export interface WitnessClientOptions {
  /** For each answer. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /** For everything. Default 10,000. */
  readonly timeoutMs?: number;
  /** For the others, once the quorum is there. Default 500. */
  readonly graceMs?: number;
}

const primitives: Primitives = { ...nodeHasher, ...nodeEd25519 };

/**
 * Asks the policy's witnesses over HTTP (C2SP tlog-witness), all at once. A witness without a URL
 * is never asked. What they answer is believed as far as their keys signed it, and what they say
 * of sizes only as a reason to try again or to report. Throws POLICY_MALFORMED, OPTION_INVALID.
 */
export function witnessClient(
  policy: string | Policy,
  options: WitnessClientOptions = {},
): WitnessClient {
  const parsed = typeof policy === "string" ? parsePolicy(nodeHasher, policy) : policy;
  return new HttpWitnessClient(parsed, {
    requestTimeoutMs: checked("requestTimeoutMs", options.requestTimeoutMs ?? 5000),
    timeoutMs: checked("timeoutMs", options.timeoutMs ?? 10_000),
    graceMs: checked("graceMs", options.graceMs ?? 500),
  });
}

/** One witness of the policy, and how to ask it. */
interface Member {
  readonly witness: PolicyWitness;
  readonly asked: Asked | undefined;
}

class HttpWitnessClient implements WitnessClient {
  readonly #policy: Policy;
  readonly #times: Required<WitnessClientOptions>;
  readonly #members: readonly Member[];
  #largestSize = 0;

  constructor(policy: Policy, times: Required<WitnessClientOptions>) {
    this.#policy = policy;
    this.#times = times;
    this.#members = policy.witnesses.map((witness) => ({ witness, asked: askedAt(witness) }));
  }

  async cosign(
    checkpoint: string,
    prove: (oldSize: number) => Promise<readonly Hash[]>,
  ): Promise<WitnessOutcome> {
    const round = new Round(this.#policy, this.#times);
    try {
      const question = this.#question(checkpoint, prove);
      await Promise.all(this.#members.map(async (member) => round.ask(member, question)));
    } catch (error) {
      for (const { witness } of this.#members) round.fail(witness, error);
    } finally {
      round.stop();
    }
    return round.outcome();
  }

  #question(checkpoint: string, prove: (oldSize: number) => Promise<readonly Hash[]>): Question {
    const { text } = parseNote(utf8(checkpoint));
    const { size } = parseCheckpoint(text);
    this.#largestSize = Math.max(this.#largestSize, size);
    // Witnesses that know the same size get the same proof.
    const proofs = new Map<number, Promise<readonly Hash[]>>();
    const proveOnce = async (oldSize: number): Promise<readonly Hash[]> => {
      const proof = proofs.get(oldSize) ?? prove(oldSize);
      proofs.set(oldSize, proof);
      return proof;
    };
    return { checkpoint, text, size, largestSize: this.#largestSize, prove: proveOnce };
  }
}

/** One checkpoint's way around the witnesses. */
class Round {
  readonly #policy: Policy;
  readonly #times: Required<WitnessClientOptions>;
  readonly #lines = new Map<PolicyWitness, string>();
  readonly #failures = new Map<PolicyWitness, WitnessFailure>();
  readonly #abort = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(policy: Policy, times: Required<WitnessClientOptions>) {
    this.#policy = policy;
    this.#times = times;
    this.#abortAfter(times.timeoutMs, "no answer in time");
    this.#startGrace();
  }

  /** Asks the witness and notes what came of it. Never rejects. */
  async ask({ witness, asked }: Member, question: Question): Promise<void> {
    try {
      if (!asked) throw new NotSigned("the policy has no URL of it");
      const { requestTimeoutMs } = this.#times;
      const patience = { requestTimeoutMs, signal: this.#abort.signal };
      this.#lines.set(witness, await ask(primitives, asked, question, patience));
      this.#startGrace();
    } catch (error) {
      this.fail(witness, error);
    }
  }

  fail(witness: PolicyWitness, error: unknown): void {
    const ahead = error instanceof NotSigned ? error.ahead : undefined;
    const failure = { witness: witness.name, reason: reasonOf(error) };
    this.#failures.set(witness, ahead === undefined ? failure : { ...failure, ahead });
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  outcome(): WitnessOutcome {
    const { witnesses } = this.#policy;
    return {
      cosignatures: witnesses.flatMap((witness) => this.#lines.get(witness) ?? []),
      satisfied: this.#isSatisfied(),
      failures: witnesses.flatMap((witness) => this.#failures.get(witness) ?? []),
    };
  }

  #isSatisfied(): boolean {
    return isQuorum(
      this.#policy,
      [...this.#lines.keys()].map(({ key }) => key),
    );
  }

  /** Once there is a quorum, the others have a short while left. */
  #startGrace(): void {
    if (this.#isSatisfied())
      this.#abortAfter(this.#times.graceMs, "the quorum did not wait for it");
  }

  #abortAfter(ms: number, reason: string): void {
    this.#timers.push(setTimeout(() => this.#abort.abort(new NotSigned(reason)), ms));
  }
}

function askedAt({ name, key, url }: PolicyWitness): Asked | undefined {
  if (url === undefined) return undefined;
  const parsed = URL.parse(url);
  if (parsed?.protocol === "http:" || parsed?.protocol === "https:") {
    return { url: `${url.replace(/\/$/, "")}/add-checkpoint`, key, knownSize: 0 };
  }
  throw new SteleError("POLICY_MALFORMED", `witness ${name}: ${url} is no URL of http or https`);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  // fetch says no more than that it failed; its cause knows why.
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return `${error.message}: ${(cause as NodeJS.ErrnoException).code ?? cause.message}`;
}

function checked(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value < 2 ** 31) return value;
  const message = `${name} must be from 1 to 2^31 - 1, not ${value}`;
  throw new SteleError("OPTION_INVALID", message);
}
