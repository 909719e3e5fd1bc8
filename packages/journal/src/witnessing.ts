import type { Hash } from "@stele/core/hash";

/** Asks witnesses to countersign checkpoints; `@stele/witness` has one that does so over HTTP. */
export interface WitnessClient {
  /**
   * Asks the witnesses to countersign the checkpoint, a signed note. `prove(oldSize)` gives the
   * consistency proof from a tree of that size, 1 or more, to the checkpoint's. Never rejects.
   */
  cosign(
    checkpoint: string,
    prove: (oldSize: number) => Promise<readonly Hash[]>,
  ): Promise<WitnessOutcome>;
}

/** What the witnesses said. */
export interface WitnessOutcome {
  /** Signature lines that verified, each with its newline, of the policy's witnesses. */
  readonly cosignatures: readonly string[];
  /** Whether they are the policy's quorum. */
  readonly satisfied: boolean;
  /** One for each witness that did not sign. */
  readonly failures: readonly WitnessFailure[];
}

/** Why a witness did not sign. */
export interface WitnessFailure {
  /** Its name in the policy. */
  readonly witness: string;
  readonly reason: string;
  /** It knows this larger size: the journal lost entries or was rolled back. */
  readonly ahead?: number;
}
