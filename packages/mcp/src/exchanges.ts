import { createHash } from "node:crypto";
import type { Call } from "./call.ts";
import type { Id } from "./id.ts";

/** A request that waits for its answer. */
export interface Exchange {
  readonly method: string;
  /** The version that the request's `_meta` names. */
  readonly protocolVersion: string | undefined;
  /** The call that the request is. */
  readonly call?: Call;
  /** The call whose result the request asks for, because its answer was a task. */
  readonly fetches?: Call | undefined;
}

/** The requests of one side that wait for their answer, by JSON-RPC id. */
export class Exchanges {
  readonly #byId = new Map<string, Exchange[]>();

  /**
   * Returns whether another request already waits under that id, so that the answers cannot be told
   * apart.
   */
  open(id: Id, exchange: Exchange): boolean {
    const key = keyOf(id.json);
    const waiting = this.#byId.get(key);
    if (waiting) waiting.push(exchange);
    else this.#byId.set(key, [exchange]);
    return waiting !== undefined;
  }

  /** The oldest request with the id. */
  find(id: Id): Exchange | undefined {
    return this.#byId.get(keyOf(id.json))?.[0];
  }

  /** Takes out the oldest request with the id. */
  close(id: Id): Exchange | undefined {
    const key = keyOf(id.json);
    const waiting = this.#byId.get(key);
    const oldest = waiting?.shift();
    if (waiting?.length === 0) this.#byId.delete(key);
    return oldest;
  }

  /** Takes out one request, which will have no answer. */
  withdraw(id: Id, exchange: Exchange): void {
    const key = keyOf(id.json);
    const others = this.#byId.get(key)?.filter((one) => one !== exchange) ?? [];
    if (others.length > 0) this.#byId.set(key, others);
    else this.#byId.delete(key);
  }

  /** The calls that wait for their answer. */
  calls(): Call[] {
    return [...this.#byId.values()].flat().flatMap((exchange) => exchange.call ?? []);
  }
}

/** A map that keeps the latest so many keys: for what a peer may never come back to. */
export class Recent<Value> {
  static readonly #LIMIT = 1024;
  readonly #values = new Map<string, Value>();

  set(name: string, value: Value): void {
    const key = keyOf(name);
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > Recent.#LIMIT) this.#values.delete(this.#values.keys().next().value!);
  }

  get(name: string): Value | undefined {
    return this.#values.get(keyOf(name));
  }
}

/** Keeps long names short. */
function keyOf(text: string): string {
  return text.length <= 128 ? text : createHash("sha256").update(text).digest("hex");
}
