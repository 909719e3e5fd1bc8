import type { ParseArgsConfig } from "node:util";
import type { Call } from "./arguments.ts";

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** Its arguments, as the usage shows them. */
  readonly synopsis: string;
  /** What `stele help NAME` prints below the usage. */
  readonly help: string;
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /**
   * Resolves to the exit status: 0 done or intact, 1 checked and not intact. Usage, input and
   * machine errors reject.
   */
  run(call: Call): Promise<number>;
}
