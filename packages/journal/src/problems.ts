import type { SteleError } from "@stele/core/error";

/** What goes wrong beside the ledger, for as long as it does, by what it concerns. */
export class Problems {
  readonly #known = new Map<string, SteleError>();
  readonly #onProblem: ((problem: SteleError) => void) | undefined;

  /** `onProblem` is called when one begins. */
  constructor(onProblem: ((problem: SteleError) => void) | undefined) {
    this.#onProblem = onProblem;
  }

  get all(): readonly SteleError[] {
    return [...this.#known.values()];
  }

  begin(concern: string, problem: SteleError): void {
    const isNew = this.#known.get(concern)?.code !== problem.code;
    this.#known.set(concern, problem);
    if (isNew) this.#onProblem?.(problem);
  }

  end(concern: string): void {
    this.#known.delete(concern);
  }

  /** Ends those that concern something else. */
  keepOnly(concerns: readonly string[]): void {
    for (const concern of this.#known.keys()) {
      if (!concerns.includes(concern)) this.#known.delete(concern);
    }
  }
}
