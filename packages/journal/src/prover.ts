import { utf8 } from "@stele/core/bytes";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import {
  checkEntryProof,
  ExtractChecker,
  formatEntryProof,
  formatProofLine,
  parseEntryProof,
  type Evidence,
} from "@stele/core/evidence";
import type { Hash } from "@stele/core/hash";
import { followKeys } from "@stele/core/key-chain";
import { leafOfLine } from "@stele/core/ledger";
import { parseNote } from "@stele/core/note";
import { inclusionNodes, proveInclusion, type TreeNode } from "@stele/core/proof";
import { MAX_TLOG_PROOF_BYTES } from "@stele/core/tlog-proof";
import type { World } from "@stele/store";
import {
  epochOfEntry,
  firstSeal,
  lastSeal,
  segmentPath,
  type Epoch,
  type EntryLine,
  type KeyHistory,
  type LedgerReader,
} from "@stele/store/reading";
import type { TreeReader } from "@stele/store/tiles";

/** What a prover works on: a journal as it was at one moment. */
export interface ProvableJournal {
  readonly world: World;
  readonly directory: string;
  readonly ledger: LedgerReader;
  readonly tree: TreeReader;
  /** Read behind the two below. */
  readonly history: KeyHistory;
  /** The checkpoint that was published, which witnesses may have countersigned. */
  readonly published: string | undefined;
  readonly newestSeal: string;
}

/** Makes proof files. Each is checked, as its reader will, before it is handed out. */
export class Prover {
  readonly #journal: ProvableJournal;
  /** Tiles are trusted until they prove nothing. */
  #isFromLedger = false;
  /** The proofs of key changes by epoch, as they lead to it. */
  readonly #keys = new Map<Epoch, readonly string[]>();

  constructor(journal: ProvableJournal) {
    this.#journal = journal;
  }

  /** The proof file of an entry. Throws JOURNAL_DAMAGED when it is not what was sealed. */
  async prove(line: EntryLine): Promise<string> {
    const { seq } = line.entry;
    const { history } = this.#journal;
    const epoch = epochOfEntry(history, seq);
    const checkpoint = await this.#checkpointOf(epoch, seq);
    const text = await this.#format(line, checkpoint, await this.#keysOf(epoch));
    const evidence = checkEntryProof(this.#primitives, this.#trust, parseEntryProof(utf8(text)));
    if (evidence.proven) return text;
    if (this.#isFromLedger) throw damaged(seq, evidence.reason);
    this.#isFromLedger = true;
    this.#keys.clear();
    return this.prove(line);
  }

  /** The lines of an extract, each with its newline. Throws JOURNAL_DAMAGED as `prove`. */
  async *extract(range: {
    readonly from: number;
    readonly to: number;
  }): AsyncGenerator<string, void, undefined> {
    const checker = new ExtractChecker(this.#primitives, this.#trust);
    const ends = this.#journal.history.epochs.map(({ end }) => end?.size);
    for await (const line of this.#journal.ledger.read(range)) {
      const { seq } = line.entry;
      const text = `${line.line}\n`;
      checker.push(utf8(text));
      yield text;
      if (seq !== range.to && !ends.includes(seq + 1)) continue;
      const proof = formatProofLine(await this.prove(line));
      checker.push(utf8(proof));
      requireProven(checker.end(), seq);
      yield proof;
    }
  }

  /**
   * The proofs of the entries before `first` that name keys, oldest first: what must be kept when
   * they are dropped. Throws JOURNAL_DAMAGED when they do not lead from the first key on.
   */
  async keysBefore(first: number): Promise<readonly string[]> {
    const { epochs, recoveryKey } = this.#journal.history;
    const proofs = recoveryKey ? [await this.#beginning()] : [];
    for (const epoch of epochs.filter(({ end }) => end && end.size <= first)) {
      proofs.push(await this.#endOf(epoch));
    }
    const parsed = proofs.map((text) => parseEntryProof(utf8(text)));
    const followed = followKeys(this.#primitives, this.#trust.key, parsed);
    if (typeof followed !== "string") return proofs;
    if (this.#isFromLedger) throw damaged(0, followed);
    this.#isFromLedger = true;
    return this.keysBefore(first);
  }

  get #primitives(): World["primitives"] {
    return this.#journal.world.primitives;
  }

  /** Who knows the journal's first key must be able to follow. */
  get #trust(): Parameters<typeof checkEntryProof>[1] {
    return { key: this.#journal.history.epochs[0]!.key };
  }

  async #checkpointOf(epoch: Epoch, seq: number): Promise<string> {
    const { published, newestSeal } = this.#journal;
    if (!epoch.end) return published && sizeOf(published) > seq ? published : newestSeal;
    return this.#seal(lastSeal, epoch.segments.at(-1)!);
  }

  async #seal(read: typeof lastSeal, segment: number): Promise<string> {
    const { world, directory } = this.#journal;
    const note = await read(world.disk, segmentPath(directory, segment));
    if (note !== undefined) return note;
    throw damaged(segment, "its segment has no seal where one is due");
  }

  /** The key changes before the epoch, oldest first, each with its proof. */
  async #keysOf(epoch: Epoch): Promise<readonly string[]> {
    const known = this.#keys.get(epoch);
    if (known) return known;
    const { epochs } = this.#journal.history;
    const place = epochs.indexOf(epoch);
    const proofs = await this.#recoveryKey(epochs.slice(0, place + 1));
    for (const ended of epochs.slice(0, place)) proofs.push(await this.#endOf(ended));
    this.#keys.set(epoch, proofs);
    return proofs;
  }

  /** The proof of the entry that ended an epoch. */
  async #endOf({ end, segments }: Epoch): Promise<string> {
    const seq = end!.size - 1;
    const kept = this.#kept(seq);
    if (kept !== undefined) return kept;
    const line = await this.#journal.ledger.get(seq);
    return this.#format(line, await this.#seal(lastSeal, segments.at(-1)!), []);
  }

  /** What was kept to prove an entry that was pruned. */
  #kept(seq: number): string | undefined {
    return this.#journal.history.proofs.find(({ proof }) => proof.index === seq)?.text;
  }

  /** What names the recovery key, where that has sealed one of the epochs' ends. */
  async #recoveryKey(epochs: readonly Epoch[]): Promise<string[]> {
    return epochs.some(({ end }) => end?.reason === "lost") ? [await this.#beginning()] : [];
  }

  /** The proof of entry 0. */
  async #beginning(): Promise<string> {
    const kept = this.#kept(0);
    if (kept !== undefined) return kept;
    const line = await this.#journal.ledger.get(0);
    // By the first key itself, which the last seal of its epoch may not be.
    return this.#format(line, await this.#seal(firstSeal, 0), []);
  }

  async #format(
    { entry, line }: EntryLine,
    checkpoint: string,
    keys: readonly string[],
  ): Promise<string> {
    const place = { index: entry.seq, size: sizeOf(checkpoint) };
    const nodes = await this.#hashes(inclusionNodes(place), place.size);
    const hashes = proveInclusion(this.#primitives, place, nodes);
    const { index } = place;
    const text = formatEntryProof({ index, hashes, checkpoint, leaf: leafOfLine(line), keys });
    if (text.length <= MAX_TLOG_PROOF_BYTES) return text;
    throw tooManyKeys(entry.seq, keys.length);
  }

  #hashes(nodes: readonly TreeNode[], size: number): Promise<readonly Hash[]> {
    const { tree } = this.#journal;
    return this.#isFromLedger ? tree.fromLedger(nodes, size) : tree.hashes(nodes, size);
  }
}

function sizeOf(checkpoint: string): number {
  return parseCheckpoint(parseNote(utf8(checkpoint)).text).size;
}

function requireProven(evidence: Evidence, seq: number): void {
  if (!evidence.proven) throw damaged(seq, evidence.reason);
}

function damaged(seq: number, reason: string): SteleError {
  const message = `the journal is damaged: entry ${seq} cannot be proven: ${reason}`;
  return new SteleError("JOURNAL_DAMAGED", message, { seq });
}

function tooManyKeys(seq: number, count: number): SteleError {
  const message = `the proof of entry ${seq} is too large: ${count} key changes lie before it`;
  const fix = "hand over a copy of the journal instead";
  return new SteleError("PROOF_MALFORMED", message, { seq, fix });
}
