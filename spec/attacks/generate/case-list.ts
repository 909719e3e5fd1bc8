import type { AttackCase, Expected } from "./case.ts";

const HEAD = `# The cases

What each of the [attacked journals](README.md) is. Given: what the check has beside the journal.
`;

/** The list of all cases. */
export function caseList(
  groups: readonly { readonly title: string; readonly cases: readonly AttackCase[] }[],
): string {
  const tables = groups.map(({ title, cases }) => {
    const rows = cases.map(({ name, what, given, expect }) => {
      const link = `[${name}](${name}/case.json)`;
      return `| ${link} | ${what} | ${givenIn(given)} | ${foundIn(expect)} |`;
    });
    const head = "| case | what was done | given | must be found |\n| --- | --- | --- | --- |";
    return `\n### ${title}\n\n${head}\n${rows.join("\n")}\n`;
  });
  return HEAD + tables.join("");
}

function givenIn(given: AttackCase["given"]): string {
  const words = Object.entries({
    key: "key",
    checkpoint: "checkpoint",
    witnesses: "witness",
    policy: "policy",
    maxAgeDays: "age",
    secretKey: "secret",
  });
  return words.flatMap(([member, word]) => (member in given ? [word] : [])).join(", ") || "nothing";
}

function foundIn(expect: Expected): string {
  if ("error" in expect) return `\`${expect.error}\``;
  const { verdict, firstBad, size } = expect;
  return firstBad === null ? `\`${verdict}\`, ${size}` : `\`${verdict}\` at ${firstBad}`;
}
