import { parseArgs } from "node:util";

const PARTS = [
  "append",
  "verify",
  "open",
  "proofs",
  "publish",
  "index",
  "guard",
  "import",
] as const;
type Part = (typeof PARTS)[number];

export interface Options {
  readonly parts: readonly Part[];
  readonly quick: boolean;
  /** Everything at full length: what bench/results keeps. */
  readonly full: boolean;
  /** Where the JSON goes, instead of bench/results. */
  readonly out: string | undefined;
  readonly measureMs: number;
  readonly warmUpMs: number;
  readonly rounds: number;
  /** How many entries the journal of the index part has. */
  readonly indexEntries: number;
}

const USAGE = `npm run bench -- [--quick] [--only ${PARTS.join("|")}] [--entries N] [--out FILE]`;

/** Reads the command line; throws with a message for people when it is wrong. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean" },
      only: { type: "string" },
      entries: { type: "string" },
      out: { type: "string" },
    },
  });
  const quick = values.quick ?? false;
  const parts = PARTS.filter((part) => values.only === undefined || part === values.only);
  if (parts.length === 0) throw new Error(`--only ${values.only}: use ${USAGE}`);
  const times = quick ? { measureMs: 700, warmUpMs: 200 } : { measureMs: 3000, warmUpMs: 500 };
  const full = !quick && parts.length === PARTS.length;
  const indexEntries = Number(values.entries ?? (quick ? 100_000 : 1_000_000));
  if (!(indexEntries >= 10_000)) throw new Error(`--entries takes 10000 or more: use ${USAGE}`);
  return { parts, quick, full, out: values.out, rounds: 3, indexEntries, ...times };
}
