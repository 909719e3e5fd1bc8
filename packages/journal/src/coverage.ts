import { SteleError } from "@stele/core/error";
import type { Clock } from "@stele/store";

/** How long an append waits for witnesses. */
const PATIENCE_MS = 15_000;

/** Those who came between two requests to the witnesses, and share the next one. */
interface Group {
  size: number;
  readonly covered: PromiseWithResolvers<number>;
  readonly patience: AbortController;
}

/** Those who wait for a witnessed checkpoint that covers their entries. */
export class Coverage {
  readonly #clock: Clock;
  readonly #groups = new Set<Group>();
  #joining: Group | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether anybody waits. */
  get isAwaited(): boolean {
    return this.#groups.size > 0;
  }

  /**
   * Resolves with the covered size once that is `size` or more. Rejects with what `fail` is told,
   * or with WITNESS_UNAVAILABLE after 15 seconds.
   */
  wait(size: number): Promise<number> {
    const group = (this.#joining ??= this.#newGroup());
    group.size = Math.max(group.size, size);
    return group.covered.promise;
  }

  /** Who comes from now on waits for the next request. */
  begin(): void {
    this.#joining = undefined;
  }

  /** Tells those whose entries are covered now. */
  reach(size: number): void {
    for (const group of this.#groups) {
      if (group.size <= size) this.#leave(group).resolve(size);
    }
  }

  /** Tells everybody that it will not be. */
  fail(error: SteleError): void {
    for (const group of this.#groups) this.#leave(group).reject(error);
  }

  #newGroup(): Group {
    const covered = Promise.withResolvers<number>();
    const group: Group = { size: 0, covered, patience: new AbortController() };
    this.#groups.add(group);
    this.#clock.delay(PATIENCE_MS, group.patience.signal).then(
      () => this.#leave(group).reject(tooLate()),
      () => undefined, // who waited has left
    );
    return group;
  }

  #leave(group: Group): PromiseWithResolvers<number> {
    this.#groups.delete(group);
    if (this.#joining === group) this.#joining = undefined;
    group.patience.abort();
    return group.covered;
  }
}

function tooLate(): SteleError {
  const message = `no quorum of the witnesses countersigned within ${PATIENCE_MS / 1000} seconds`;
  return new SteleError("WITNESS_UNAVAILABLE", message);
}
