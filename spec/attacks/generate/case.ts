/** Files by path. */
export type Files = Readonly<Record<string, string | Buffer>>;

/** What the check is given beside the journal. */
export interface Given {
  /** The vkey to pin. */
  readonly key?: string;
  /** The text of a checkpoint that somebody kept. */
  readonly checkpoint?: string;
  /** The vkeys of witnesses to pin, each of which is enough. */
  readonly witnesses?: readonly string[];
  /** Instead: the text of a C2SP witness policy. */
  readonly policy?: string;
  /** How old the newest cosignature may be, in whole days. */
  readonly maxAgeDays?: number;
  /** The secret of a journal that is sealed with one. */
  readonly secretKey?: string;
}

/** Kinds of sentences in `cannotRuleOut`, each with the entry from which on it speaks. */
export interface Doubts {
  /** The whole journal, or what no evidence covers, may be somebody else's. */
  readonly replaced?: number;
  /** Entries may have been removed from the end. */
  readonly cut: number;
  /** A holder of the present key may have rewritten entries. */
  readonly rewritten: number;
  /** Somebody who kept an earlier key may have. */
  readonly rewrittenByEarlierKey?: number;
  /** A holder of the recovery key may have. */
  readonly rewrittenByRecoveryKey?: number;
  /** A holder of the key together with the witnesses may have, before this entry. */
  readonly rewrittenWithWitnesses?: number;
  /** Entries before this one, which were dropped, may have been malformed. */
  readonly malformed?: number;
  /** Signed events may not be the agents': entries before this one named their keys. */
  readonly notTheAgents?: number;
}

/** What the check must find, or the code of the error with which it refuses to judge. */
export type Expected =
  | {
      readonly verdict: string;
      readonly firstBad: number | null;
      readonly size: number;
      readonly unsealed?: { readonly entries: number; readonly bytes: number };
      readonly anchored?: {
        readonly size: number;
        readonly by: "checkpoint" | "witnesses";
        readonly witnesses: readonly string[];
        readonly at: string | null;
      } | null;
      readonly cannotRuleOut?: Doubts;
      readonly pruned?: object;
      readonly signatures?: { readonly checked: number; readonly unchecked: number };
    }
  | { readonly error: string };

/** What opening for writing does: sets so many pieces aside, or refuses with a code. */
export type Opening = { readonly signingKey: string } & (
  | { readonly recovered: number }
  | { readonly error: string }
);

/** A journal, what was done to it, and what must be found. */
export interface AttackCase {
  /** The directory. */
  readonly name: string;
  readonly what: string;
  readonly files: Files;
  readonly given: Given;
  readonly expect: Expected;
  readonly opening?: Opening;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The case's files, by path in its directory. */
export function filesOf({ what, files, given, expect, opening }: AttackCase): Files {
  const { checkpoint, policy, maxAgeDays, ...rest } = given;
  const stated = {
    ...rest,
    ...(checkpoint === undefined ? {} : { checkpoint: "kept.txt" }),
    ...(policy === undefined ? {} : { policy: "policy.txt" }),
    ...(maxAgeDays === undefined ? {} : { maxAgeMs: maxAgeDays * DAY_MS }),
  };
  const description = { what, given: stated, expect, opening, cli: commandLine(given) };
  const journal = Object.entries(files).map(([path, bytes]) => [`journal/${path}`, bytes]);
  return {
    "case.json": `${JSON.stringify(description, undefined, 2)}\n`,
    ...(checkpoint === undefined ? {} : { "kept.txt": checkpoint }),
    ...(policy === undefined ? {} : { "policy.txt": policy }),
    ...(Object.fromEntries(journal) as Files),
  };
}

/** The arguments of `stele`, called in the case's directory. */
function commandLine({ key, checkpoint, witnesses = [], policy, maxAgeDays }: Given): string[] {
  return [
    "verify",
    "journal",
    ...(key === undefined ? [] : ["--key", key]),
    ...(checkpoint === undefined ? [] : ["--checkpoint", "kept.txt"]),
    ...witnesses.flatMap((vkey) => ["--witness", vkey]),
    ...(policy === undefined ? [] : ["--policy", "policy.txt"]),
    ...(maxAgeDays === undefined ? [] : ["--max-age", `${maxAgeDays}d`]),
    "--json",
  ];
}
