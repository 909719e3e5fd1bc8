import type { Cosignature } from "../cosignature.ts";
import type { Hash } from "../hash.ts";
import type { VerifierKey } from "../key.ts";

/** Whom a verifier believes. */
export interface Trust {
  /** The pinned key of the journal: its first one or any later one. */
  readonly key: VerifierKey;
  /** Of type "cosignature": whose cosignatures are looked for. Default: none. */
  readonly witnesses?: readonly VerifierKey[] | undefined;
}

/**
 * How a checkpoint's key is trusted: it is the pinned one; the pinned one led to it by proven key
 * changes; or it is the recovery key that the journal's first entry names.
 */
export type KeyTrust = "pinned" | "changed" | "recovery";

/** A checkpoint that something is proven by. */
export interface ProvenCheckpoint {
  /** How many entries it covers. */
  readonly size: number;
  readonly root: Hash;
  /** What signed it. */
  readonly key: VerifierKey;
  readonly trust: KeyTrust;
  /** By those of the trusted witnesses that countersigned it. */
  readonly cosignatures: readonly Cosignature[];
}

/** Entries that one checkpoint proves. */
export interface ProvenPart extends ProvenCheckpoint {
  /** The first and the last of them, by `seq`. */
  readonly from: number;
  readonly to: number;
}

/** The entries are in the journal of this origin, in this order, with none left out between them. */
export interface Proven {
  readonly proven: true;
  readonly origin: string;
  readonly from: number;
  readonly to: number;
  /** One for each checkpoint, in order. */
  readonly parts: readonly ProvenPart[];
}

/** Well-formed, but it proves nothing. */
export interface Unproven {
  readonly proven: false;
  /** Names the place. */
  readonly reason: string;
}

/** What a proof file or an extract shows to who trusts the key. */
export type Evidence = Proven | Unproven;
