import type { Entry } from "./entry.ts";
import type { Gap } from "@stele/journal";

/**
 * How many tools and calls a gap names at most, and how many bytes those names of each kind take as
 * JSON, so that it stays far below the size limit of an event.
 */
const MAX_NAMED = 50;
const MAX_NAMED_BYTES = 16_384;

/** Counts the entries that have no receipt, in bounded memory, until a gap can say so. */
export class Missed {
  #first: { readonly reason: string; readonly since: string } | undefined;
  #count = 0;
  readonly #types = new Map<string, number>();
  readonly #tools = new Names();
  readonly #calls = new Names();

  get count(): number {
    return this.#count;
  }

  add({ event }: Entry, reason: string, nowMs: number): void {
    this.#first ??= { reason, since: new Date(nowMs).toISOString() };
    this.#count++;
    this.#types.set(event.type, (this.#types.get(event.type) ?? 0) + 1);
    const { tool } = event.data;
    if (typeof tool === "string") this.#tools.add(tool);
    const call = event.type === "tool.call" ? event.id : event.parent;
    if (call !== undefined) this.#calls.add(call);
  }

  /** Takes in what was missed later, if anything. */
  merge(later: Missed): void {
    this.#count += later.#count;
    for (const [type, count] of later.#types) {
      this.#types.set(type, (this.#types.get(type) ?? 0) + count);
    }
    for (const tool of later.#tools.list()) this.#tools.add(tool);
    for (const call of later.#calls.list()) this.#calls.add(call);
  }

  /**
   * What a gap says of them: how many, of which types, for which tools and calls. Undefined when
   * nothing is missed.
   */
  gap(): Gap | undefined {
    if (!this.#first) return undefined;
    return {
      ...this.#first,
      count: this.#count,
      types: Object.fromEntries(this.#types),
      tools: this.#tools.list(),
      calls: this.#calls.list(),
    };
  }
}

/** Names, each once, as many as there is room for. */
class Names {
  readonly #names = new Set<string>();
  #sizeBytes = 0;

  add(name: string): void {
    const sizeBytes = Buffer.byteLength(JSON.stringify(name)) + 1;
    const isFull = this.#names.size >= MAX_NAMED || this.#sizeBytes + sizeBytes > MAX_NAMED_BYTES;
    if (isFull || this.#names.has(name)) return;
    this.#names.add(name);
    this.#sizeBytes += sizeBytes;
  }

  list(): string[] {
    return [...this.#names];
  }
}
