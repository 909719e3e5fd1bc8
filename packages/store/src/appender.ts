import { SteleError } from "@stele/core/error";
import type { EventText } from "@stele/core/event";
import { Frontier } from "@stele/core/frontier";
import { LEAF_PREFIX, type Hash } from "@stele/core/hash";
import { formatHashField, formatLeaf, MAX_LEAF_BYTES } from "@stele/core/ledger";
import type { SegmentEnd } from "@stele/core/checker";
import type { Batch, Place } from "./batch.ts";
import type { World } from "./world.ts";

/**
 * Gives events their place in the journal: seq, link, time, hash and leaf. Does no input or
 * output.
 */
export class Appender {
  readonly #world: World;
  readonly #frontier: Frontier;
  #prev: Hash;
  #timeMs = Number.NaN;
  #time = "";

  constructor(world: World, end: SegmentEnd) {
    this.#world = world;
    this.#frontier = new Frontier(world.primitives, end.sealedSize, end.frontier);
    this.#prev = end.prev;
  }

  /** How many entries were placed: the next one's `seq`. */
  get size(): number {
    return this.#frontier.size;
  }

  /** The tree's root over all entries that were placed. */
  root(): Hash {
    return this.#frontier.root();
  }

  /**
   * Writes the event's line into the batch, which must have room. Throws EVENT_TOO_LARGE and
   * changes nothing when the leaf is longer than 65,535 bytes.
   */
  place(batch: Batch, event: EventText): Place {
    const { buffer, used: at } = batch;
    const seq = this.#frontier.size;
    const time = this.#now();
    const leaf = formatLeaf({ seq, prev: this.#prev, time }, event.text);
    const leafBytes = leaf.length > MAX_LEAF_BYTES ? Infinity : buffer.write(leaf, at);
    if (leafBytes > MAX_LEAF_BYTES) throw tooLarge(event);
    const hash = this.#hash(buffer, at, at + leafBytes);
    const field = formatHashField(hash);
    buffer.write(field, at + leafBytes - 1, "latin1");
    batch.start ??= { first: seq, prev: this.#prev, frontier: this.#frontier.nodes };
    batch.used = at + leafBytes - 1 + field.length;
    batch.noteNode(0, hash);
    this.#frontier.append(hash, batch.noteNode);
    this.#prev = hash;
    return { seq, hash, time };
  }

  /** RFC 6962 leaf hash: the byte before the leaf, a newline, stands in as the prefix. */
  #hash(buffer: Buffer, start: number, end: number): Hash {
    const before = buffer[start - 1]!;
    buffer[start - 1] = LEAF_PREFIX;
    const hash = this.#world.primitives.sha256(buffer.subarray(start - 1, end));
    buffer[start - 1] = before;
    return hash;
  }

  /** Formatting a time costs as much as hashing an entry, and many entries share a millisecond. */
  #now(): string {
    const nowMs = this.#world.clock.nowMs();
    if (nowMs !== this.#timeMs) {
      this.#time = formatTime(nowMs);
      this.#timeMs = nowMs;
    }
    return this.#time;
  }
}

/** The last time that RFC 3339 can write: the end of the year 9999. */
const MAX_TIME_MS = Date.UTC(10_000, 0, 1) - 1;

function formatTime(nowMs: number): string {
  if (nowMs >= 0 && nowMs <= MAX_TIME_MS) return new Date(nowMs).toISOString();
  throw new SteleError("CLOCK_INVALID", `the clock says ${nowMs} ms since 1970`);
}

function tooLarge(event: EventText): SteleError {
  const message = `the event's entry is larger than ${MAX_LEAF_BYTES} bytes (type ${event.type})`;
  return new SteleError("EVENT_TOO_LARGE", message);
}
