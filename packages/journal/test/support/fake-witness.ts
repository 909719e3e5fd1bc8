import { utf8 } from "@stele/core/bytes";
import { parseCheckpoint, type Checkpoint } from "@stele/core/checkpoint";
import { cosign } from "@stele/core/cosignature";
import { formatVerifierKey, signingKey, type SigningKey } from "@stele/core/key";
import { parseNote } from "@stele/core/note";
import { checkConsistency } from "@stele/core/proof";
import type { WitnessClient, WitnessOutcome } from "@stele/journal/witnessing";
import { primitives } from "./key.ts";

/** When fake witnesses countersign, in seconds since 1970. */
export const COSIGNED_AT = Date.UTC(2026, 5, 1) / 1000;

/** One witness, without a network. It checks what a witness checks, and is told when to fail. */
export class FakeWitness implements WitnessClient {
  readonly key: SigningKey;
  /** The sizes that it was asked for, oldest first. */
  readonly asked: number[] = [];
  seen: Checkpoint | undefined;
  atSeconds = COSIGNED_AT;
  /** Why it does not sign; undefined when it does. */
  failure: string | undefined;
  /** Awaited before each answer. */
  before: () => Promise<void> = async () => {};

  constructor(name = "witness.example", seedByte = 11) {
    this.key = signingKey(primitives, name, new Uint8Array(32).fill(seedByte), "cosignature");
  }

  /** What verifiers pin. */
  get vkey(): string {
    return formatVerifierKey(this.key);
  }

  /** The checkpoint with this witness's line. */
  sign(note: string): string {
    return note + cosign(primitives, this.key, parseNote(utf8(note)).text, this.atSeconds);
  }

  async cosign(
    note: string,
    prove: Parameters<WitnessClient["cosign"]>[1],
  ): Promise<WitnessOutcome> {
    const checkpoint = parseCheckpoint(parseNote(utf8(note)).text);
    this.asked.push(checkpoint.size);
    await this.before();
    if (this.failure !== undefined) return this.#failed(this.failure);
    const { seen } = this;
    if (seen && seen.size > checkpoint.size) return this.#failed("it knows more", seen.size);
    if (seen) {
      const claim = { ...checkpoint, oldSize: seen.size, oldRoot: seen.root };
      if (!checkConsistency(primitives, claim, await prove(seen.size))) {
        return this.#failed("the proof is wrong");
      }
    }
    this.seen = checkpoint;
    const line = this.sign(note).slice(note.length);
    return { cosignatures: [line], satisfied: true, failures: [] };
  }

  #failed(reason: string, ahead?: number): WitnessOutcome {
    const failure = { witness: this.key.name, reason, ...(ahead === undefined ? {} : { ahead }) };
    return { cosignatures: [], satisfied: false, failures: [failure] };
  }
}
