import { utf8 } from "@stele/core/bytes";
import { formatCheckpoint } from "@stele/core/checkpoint";
import { cosign } from "@stele/core/cosignature";
import { formatEntryProof, formatProofLine } from "@stele/core/evidence";
import { leafHash, ZERO_HASH, type Hash } from "@stele/core/hash";
import { keyChangeEvent, recoveryKeyEvent, type KeyChangeReason } from "@stele/core/key-event";
import { signingKey, signWith, type SigningKey } from "@stele/core/key";
import { formatHashField, formatLeaf } from "@stele/core/ledger";
import { formatSignatureLine } from "@stele/core/note";
import { inclusionNodes, proveInclusion, type TreeNode } from "@stele/core/proof";
import { primitives } from "../vectors/primitives.ts";

const ORIGIN = "log.example/evidence";

/** A key that is the same in every run. */
export function key(seedByte: number, name: string = ORIGIN): SigningKey {
  return signingKey(primitives, name, new Uint8Array(32).fill(seedByte));
}

/** A witness's key. */
export function witness(seedByte: number): SigningKey {
  const seed = new Uint8Array(32).fill(seedByte);
  return signingKey(primitives, `witness.example/${seedByte}`, seed, "cosignature");
}

/** What a proof is made of, where that is not what it should be. */
export interface Forgery {
  readonly size?: number;
  readonly signer?: SigningKey;
  readonly keys?: readonly string[];
  readonly leaf?: string;
  /** Whose tree the inclusion proof and the checkpoint are of. */
  readonly log?: PaperLog;
  readonly index?: number;
  readonly cosigners?: readonly SigningKey[];
  readonly origin?: string;
}

interface Epoch {
  readonly key: SigningKey;
  readonly first: number;
  end: { readonly size: number; readonly by: SigningKey } | undefined;
}

/** A journal on paper: entries and keys, from which any proof can be made, true or forged. */
export class PaperLog {
  readonly leaves: string[] = [];
  readonly epochs: Epoch[];
  readonly #recoveryKey: SigningKey | undefined;

  constructor(first: SigningKey, recoveryKey?: SigningKey) {
    this.epochs = [{ key: first, first: 0, end: undefined }];
    this.#recoveryKey = recoveryKey;
    if (recoveryKey) this.append(recoveryKeyEvent(recoveryKey).text);
  }

  get size(): number {
    return this.leaves.length;
  }

  get #hashes(): Hash[] {
    return this.leaves.map((leaf) => leafHash(primitives, utf8(leaf)));
  }

  /** Adds an entry; returns its `seq`. */
  append(event: string): number {
    const seq = this.size;
    const prev = this.#hashes.at(-1) ?? ZERO_HASH;
    const time = new Date(Date.UTC(2026, 10, 20, 12, 0, 0, seq)).toISOString();
    this.leaves.push(formatLeaf({ seq, prev, time }, event));
    return seq;
  }

  /** Adds so many entries that say who tells the story. */
  tell(count: number, story = "truth"): void {
    for (let n = 0; n < count; n++) {
      this.append(`{"type":"note","data":{"story":"${story}","n":${this.size}}}`);
    }
  }

  /** Ends the epoch; returns the `seq` of the entry that says so. */
  change(next: SigningKey, reason: KeyChangeReason = "rotated"): number {
    const seq = this.append(keyChangeEvent({ next, reason }).text);
    const epoch = this.epochs.at(-1)!;
    epoch.end = { size: this.size, by: reason === "lost" ? this.#recoveryKey! : epoch.key };
    this.epochs.push({ key: next, first: this.size, end: undefined });
    return seq;
  }

  /** Where another story may begin: the same entries and keys. */
  copy(): PaperLog {
    const copy = new PaperLog(this.epochs[0]!.key);
    copy.leaves.push(...this.leaves);
    copy.epochs.splice(0, 1, ...this.epochs.map((epoch) => ({ ...epoch })));
    return copy;
  }

  /** A signed checkpoint. */
  note(size: number, signer: SigningKey, forgery: Forgery = {}): string {
    const { cosigners = [], origin = ORIGIN } = forgery;
    const root = rangeHash(this.#hashes.slice(0, size));
    const text = formatCheckpoint({ origin, size, root });
    const line = formatSignatureLine(signer, signWith(primitives, signer, utf8(text)));
    const cosignatures = cosigners.map((by, n) => cosign(primitives, by, text, 1_800_000_000 + n));
    return `${text}\n${line}${cosignatures.join("")}`;
  }

  /** The proof of an entry as `stele prove` makes it, but for what is forged. */
  prove(seq: number, forgery: Forgery = {}): string {
    const epoch = this.epochs.findLast(({ first }) => first <= seq)!;
    const { by = epoch.key, size: end = this.size } = epoch.end ?? {};
    const { log = this, index = seq, size = end, signer = by } = forgery;
    const place = { index: seq, size };
    return formatEntryProof({
      index,
      hashes: proveInclusion(primitives, place, log.read(inclusionNodes(place))),
      checkpoint: log.note(size, signer, forgery),
      leaf: forgery.leaf ?? log.leaves[seq]!,
      keys: forgery.keys ?? this.keys(this.epochs.indexOf(epoch)),
    });
  }

  /** The key changes that lead to an epoch, each with its proof. */
  keys(epoch: number): string[] {
    const before = this.epochs.slice(0, epoch);
    const changes = before.map(({ end }) => this.prove(end!.size - 1, { keys: [] }));
    const isLost = this.epochs.slice(0, epoch + 1).some(({ end }) => end?.by === this.#recoveryKey);
    if (!this.#recoveryKey || !isLost) return changes;
    const { key: signer } = this.epochs[0]!;
    return [this.prove(0, { keys: [], size: 1, signer }), ...changes];
  }

  /** The entry's line in the ledger, with its newline. */
  line(seq: number): string {
    return `${this.leaves[seq]!.slice(0, -1)}${formatHashField(this.#hashes[seq]!)}`;
  }

  /** The lines of an extract as `stele prove` makes it. */
  extract(from: number, to: number): string[] {
    const lines: string[] = [];
    for (let seq = from; seq <= to; seq++) {
      lines.push(this.line(seq));
      const ends = this.epochs.some(({ end }) => end?.size === seq + 1);
      if (seq === to || ends) lines.push(formatProofLine(this.prove(seq)));
    }
    return lines;
  }

  /** What a reader of stored hashes gives. */
  read(nodes: readonly TreeNode[]): Hash[] {
    return nodes.map(({ level, index }) => {
      const width = 2 ** level;
      return rangeHash(this.#hashes.slice(index * width, (index + 1) * width));
    });
  }
}

/** MTH of RFC 6962 section 2.1. */
function rangeHash(hashes: readonly Hash[]): Hash {
  if (hashes.length === 1) return hashes[0]!;
  let split = 1;
  while (2 * split < hashes.length) split *= 2;
  return primitives.node(rangeHash(hashes.slice(0, split)), rangeHash(hashes.slice(split)));
}
