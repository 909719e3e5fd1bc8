import { SteleError } from "@stele/core/error";
import { AMOUNTS, NAMES, type Amount, type Facts, type Name } from "./facts.ts";

/** What entries can be counted by: a name of theirs, or the hour or day of their time, in UTC. */
export type Group = Name | "hour" | "day";

const GROUPS: readonly Group[] = [...NAMES, "hour", "day"];
const UNITS_MS: Partial<Record<Group, number>> = { hour: 3_600_000, day: 86_400_000 };

/** The entries of one group: how many, and the exact sums of what is a whole number in `data`. */
export interface Stat extends Readonly<Record<Amount, bigint>> {
  /**
   * The name, or the beginning of the hour or day in ISO 8601; null for the entries without the
   * name, and for all when they are not grouped.
   */
  readonly key: string | null;
  readonly count: number;
}

/** Checks what to group by. Throws OPTION_INVALID. */
export function checkGroup(untrusted: string | undefined): Group | undefined {
  const group = GROUPS.find((known) => known === untrusted);
  if (group !== undefined || untrusted === undefined) return group;
  const given = JSON.stringify(untrusted);
  const message = `entries are counted by ${GROUPS.join(", ")}, not by ${given}`;
  throw new SteleError("OPTION_INVALID", message);
}

/** The length of the group's time, when it is one. */
export function groupMs(group: Group | undefined): number | undefined {
  return group === undefined ? undefined : UNITS_MS[group];
}

type Sums = Record<Amount, bigint> & { count: number };

/** Adds up groups. Memory: one sum for each. */
export class Tally {
  readonly #group: Group | undefined;
  readonly #sums = new Map<string | null, Sums>();

  constructor(group: Group | undefined) {
    this.#group = group;
  }

  /** Counts one entry. */
  addEntry(facts: Facts): void {
    const sums = this.#of(keyOf(facts, this.#group));
    sums.count++;
    for (const amount of AMOUNTS) sums[amount] += facts.amounts[amount] ?? 0n;
  }

  /** Counts what was added up elsewhere; what is less than nothing is taken away. */
  add({ key, count, ...amounts }: Stat): void {
    const sums = this.#of(key);
    sums.count += count;
    for (const amount of AMOUNTS) sums[amount] += amounts[amount];
  }

  /** The groups: times in their order, names with the most entries first. */
  stats(): readonly Stat[] {
    const some = [...this.#sums].filter(([, { count }]) => count > 0);
    const stats = some.map(([key, sums]): Stat => ({ key, ...sums }));
    const isTime = groupMs(this.#group) !== undefined;
    return stats.toSorted((left, right) =>
      isTime
        ? compare(left.key, right.key)
        : right.count - left.count || compare(left.key, right.key),
    );
  }

  #of(key: string | null): Sums {
    const known = this.#sums.get(key);
    if (known) return known;
    const zeros = Object.fromEntries(AMOUNTS.map((amount) => [amount, 0n]));
    const sums = { count: 0, ...(zeros as Record<Amount, bigint>) };
    this.#sums.set(key, sums);
    return sums;
  }
}

/** Null first. */
function compare(left: string | null, right: string | null): number {
  if (left === right) return 0;
  return (left ?? "") < (right ?? "") || left === null ? -1 : 1;
}

function keyOf({ timeMs, names }: Facts, group: Group | undefined): string | null {
  if (group === undefined) return null;
  if (group === "hour" || group === "day") return timeKey(timeMs, group);
  return names[group] ?? null;
}

/** The beginning of the hour or day: `2026-11-28T14:00Z` or `2026-11-28`. */
export function timeKey(timeMs: number, group: "hour" | "day"): string {
  const text = new Date(timeMs).toISOString();
  return group === "day" ? text.slice(0, 10) : `${text.slice(0, 13)}:00Z`;
}
