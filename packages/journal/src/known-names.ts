import { SteleError } from "@stele/core/error";

/** Refuses a member that is not among the names; says which one was meant, if one is near. */
export function requireNames(mistake: string, untrusted: object, names: readonly string[]): void {
  if (typeof untrusted !== "object" || untrusted === null) {
    throw new SteleError("OPTION_INVALID", `${mistake}: give an object`);
  }
  for (const name of Object.keys(untrusted)) {
    if (names.includes(name)) continue;
    const near = names.toSorted((one, two) => distance(name, one) - distance(name, two))[0]!;
    const isNear = distance(name, near) <= Math.max(2, near.length / 3);
    const fix = isNear ? `did you mean ${near}?` : `there are ${names.join(", ")}`;
    throw new SteleError("OPTION_INVALID", `${mistake} ${JSON.stringify(name)}: ${fix}`, { fix });
  }
}

/** How many letters must be changed, put in or left out, whatever their case. */
function distance(one: string, two: string): number {
  let row = Array.from({ length: two.length + 1 }, (_, place) => place);
  for (const [line, letter] of [...one.toLowerCase()].entries()) {
    const next = [line + 1];
    for (const [place, other] of [...two.toLowerCase()].entries()) {
      const same = row[place]! + (letter === other ? 0 : 1);
      next.push(Math.min(same, row[place + 1]! + 1, next[place]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
