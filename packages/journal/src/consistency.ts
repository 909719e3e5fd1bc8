import { formatAddCheckpoint } from "@stele/core/add-checkpoint";
import { utf8 } from "@stele/core/bytes";
import { rootBase64 } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import { parseSignedCheckpoint, type SignedCheckpoint } from "@stele/core/evidence";
import { Frontier } from "@stele/core/frontier";
import { formatVerifierKey, parseVerifierKey } from "@stele/core/key";
import { verifyNote } from "@stele/core/note";
import {
  checkConsistency,
  consistencyNodes,
  proveConsistency,
  rootNodes,
  type ConsistencyClaim,
} from "@stele/core/proof";
import type { World } from "@stele/store";
import type { KeyHistory } from "@stele/store/reading";
import { TreeReader } from "@stele/store/tiles";
import { keyOfSize } from "@stele/store/checkpoint";

/** How the journal's newest checkpoint stands to an older one. */
export interface Consistency {
  /**
   * `extends`: every entry of the older one is there, unchanged. `rolled-back`: the journal has
   * fewer entries. `forked`: it has others.
   */
  readonly verdict: "extends" | "rolled-back" | "forked";
  readonly oldSize: number;
  /** Base64, as checkpoints print it. */
  readonly oldRoot: string;
  /** Of the newest checkpoint. */
  readonly size: number;
  readonly root: string;
  /** The vkey that signed it. */
  readonly publicKey: string;
  /** The body of a C2SP add-checkpoint request, which proves it to others; null when it does not. */
  readonly proof: string | null;
}

/** What a checkpoint is held against. */
export interface GrownJournal {
  readonly world: World;
  readonly directory: string;
  readonly history: KeyHistory;
  /** The newest checkpoint of at least the older one's size, if there is one; else the newest. */
  readonly newest: string;
}

/**
 * Reads a checkpoint that one of the journal's keys signed, or the key that is named: the journal
 * may have lost the entry that names it. Throws KEY_MALFORMED, NOTE_ and CHECKPOINT_ codes.
 */
export function readOldCheckpoint(
  { primitives }: World,
  { epochs, recoveryKey }: KeyHistory,
  untrusted: { readonly checkpoint: Uint8Array | string; readonly key?: string | undefined },
): SignedCheckpoint {
  const { checkpoint: note, key: vkey } = untrusted;
  const named = vkey === undefined ? undefined : parseVerifierKey(primitives, vkey);
  const old = parseSignedCheckpoint(typeof note === "string" ? utf8(note) : note);
  const { origin, size } = old.checkpoint;
  const ids = new Set(old.note.signatures.map(({ keyId }) => keyId));
  const keys = [named, ...epochs.map(({ key }) => key), recoveryKey];
  const key = keys.find((candidate) => candidate && ids.has(candidate.keyId)) ?? epochs[0]!.key;
  verifyNote(primitives, old.note, key);
  if (origin !== epochs[0]!.key.name) {
    const message = `the checkpoint is of ${origin}, the journal is ${epochs[0]!.key.name}`;
    throw new SteleError("CHECKPOINT_MALFORMED", message);
  }
  if (size > 0) return old;
  throw new SteleError("CHECKPOINT_MALFORMED", "every journal extends a checkpoint of no entries");
}

/**
 * Whether the newest checkpoint extends the older one. Throws JOURNAL_DAMAGED when the ledger is
 * not what the newest one says. Costs a few tiles; a pass over the ledger when it does not.
 */
export async function checkGrowth(
  journal: GrownJournal,
  old: SignedCheckpoint,
): Promise<Consistency> {
  const { world, history } = journal;
  const { note, checkpoint } = parseSignedCheckpoint(utf8(journal.newest));
  const { size, root } = checkpoint;
  const key = keyOfSize(history, size);
  if (!key) throw damaged(size, "its newest checkpoint is by a key that no entry names");
  verifyNote(world.primitives, note, key);
  const found = {
    oldSize: old.checkpoint.size,
    oldRoot: rootBase64(old.checkpoint.root),
    size,
    root: rootBase64(root),
    publicKey: formatVerifierKey(key),
    proof: null,
  };
  if (old.checkpoint.size > size) return { verdict: "rolled-back", ...found };
  const claim = { oldSize: found.oldSize, size, oldRoot: old.checkpoint.root, root };
  const hashes = (await prove(journal, claim, "hashes")) ?? (await proveAnew(journal, claim));
  if (!hashes) return { verdict: "forked", ...found };
  const { oldSize } = found;
  const proof = formatAddCheckpoint({ oldSize, proof: hashes, checkpoint: journal.newest });
  return { verdict: "extends", ...found, proof };
}

type Hashes = ReturnType<typeof proveConsistency>;

/** The proof, if it holds. */
async function prove(
  { world, directory }: GrownJournal,
  claim: ConsistencyClaim,
  source: "hashes" | "fromLedger",
): Promise<Hashes | undefined> {
  const { primitives } = world;
  const tree = new TreeReader(world, directory);
  const nodes = await tree[source](consistencyNodes(claim), claim.size);
  const proof = proveConsistency(primitives, claim, nodes);
  return checkConsistency(primitives, claim, proof) ? proof : undefined;
}

/** From the ledger alone, once it is what the newest checkpoint says: else nothing follows. */
async function proveAnew(
  journal: GrownJournal,
  claim: ConsistencyClaim,
): Promise<Hashes | undefined> {
  const { world, directory } = journal;
  const { size, root } = claim;
  const nodes = await new TreeReader(world, directory).fromLedger(rootNodes(size), size);
  const isSealed = new Frontier(world.primitives, size, nodes).root() === root;
  if (!isSealed) throw damaged(size, "its entries are not those of its newest checkpoint");
  return prove(journal, claim, "fromLedger");
}

function damaged(size: number, reason: string): SteleError {
  return new SteleError("JOURNAL_DAMAGED", `the journal of ${size} entries is damaged: ${reason}`);
}
