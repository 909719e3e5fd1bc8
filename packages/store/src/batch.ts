import type { StoredContent } from "@stele/core/content";
import type { EventText } from "@stele/core/event";
import type { Signer } from "@stele/core/key";
import type { Hash } from "@stele/core/hash";
import { MAX_LINE_BYTES } from "@stele/core/ledger";
import { TILE_HEIGHT } from "@stele/core/tile";

/** When an append is acknowledged. */
export type Ack = "queued" | "written" | "synced";

/** What an append resolves to. */
export interface Receipt {
  readonly seq: number;
  readonly hash: Hash;
  readonly time: string;
  /**
   * The tree size of a seal that covers the entry: on disk for `synced`, handed to the operating
   * system for `written`. Null for `queued`: nothing vouches for the entry yet.
   */
  readonly sealedSize: number | null;
}

/** An append from its call to its acknowledgement. */
export interface Append {
  /** As it was given, without the contents' references. */
  readonly source: EventText;
  readonly event: EventText;
  readonly contents: ReadonlyMap<string, StoredContent> | undefined;
  readonly contentBytes: number;
  readonly ack: Ack;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
  /** What seals later commits, when the entry ends a key's epoch. */
  readonly nextSigner?: Signer;
  /** Undefined until a batch had room for it. */
  place: Place | undefined;
}

/** The place that an entry was given. */
export interface Place {
  readonly seq: number;
  readonly hash: Hash;
  readonly time: string;
}

/**
 * The ledger's state before a batch's first entry: what the header of a segment that starts there
 * says.
 */
export interface BatchStart {
  readonly first: number;
  readonly prev: Hash;
  readonly frontier: readonly Hash[];
}

/**
 * What one commit's lines may take. Two batches are all the memory that appending needs, besides
 * contents.
 */
const BATCH_BYTES = 1024 * 1024;
/** Kept free for the seal: origin twice (255 characters each), size, root and signature. */
const SEAL_BYTES = 1024;
/** What the contents of one commit may take, unless a single entry has more. */
const BATCH_CONTENT_BYTES = 16 * 1024 * 1024;

/** The lines of one commit, as they will lie in the ledger. */
export class Batch {
  /**
   * Shared, so that the disk's thread can write it without a copy. `buffer[0]` is lent to hashing;
   * lines start at 1.
   */
  readonly buffer: Buffer = Buffer.from(new SharedArrayBuffer(1 + BATCH_BYTES));
  /** Where the next line goes. */
  used = 1;
  start: BatchStart | undefined;
  appends: Append[] = [];
  contents: Uint8Array[] = [];
  contentBytes = 0;
  /** Set by the entry that ends a key's epoch, which is the last one of its commit. */
  nextSigner: Signer | undefined;
  /** What the entries add to each level of tiles: leaf hashes first. */
  rows: Hash[][] = [];

  /** Whether the entry fits for certain. */
  hasRoom({ event, contentBytes }: Append): boolean {
    // A line is at most this long whatever the text, of which a UTF-16 unit takes at most three
    // bytes.
    const lineBytes = Math.min(MAX_LINE_BYTES + 1, 3 * event.text.length + 512);
    const fits = this.used + lineBytes + SEAL_BYTES <= this.buffer.length;
    const contentFits = this.contentBytes + contentBytes <= BATCH_CONTENT_BYTES;
    const isOpen = this.nextSigner === undefined;
    return isOpen && fits && (contentFits || this.contents.length === 0);
  }

  /** Adds a hash of the tree to its row, if it stands in tiles. */
  readonly noteNode = (level: number, hash: Hash): void => {
    if (level % TILE_HEIGHT === 0) (this.rows[level / TILE_HEIGHT] ??= []).push(hash);
  };

  /** Adds a content line, to be on disk before the ledger's lines. */
  addContents(line: Uint8Array): void {
    this.contents.push(line);
    this.contentBytes += line.length;
  }

  /** Makes the batch ready for the next commit. */
  clear(): void {
    this.used = 1;
    this.start = undefined;
    this.appends = [];
    this.contents = [];
    this.contentBytes = 0;
    this.nextSigner = undefined;
    this.rows = [];
  }
}
