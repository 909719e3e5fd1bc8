import { openReader } from "@stele/journal";
import type { SessionCheck, SessionView } from "@stele/journal/sessions";
import { operands, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { conclude, print, printJson } from "../output.ts";
import { isForPeople, withReader } from "../question.ts";
import { bold, dim, green, harmless, red } from "../style.ts";
import { formatCount, formatTable } from "../table.ts";

export const session: Command = {
  name: "session",
  synopsis: "DIR ID [--tools] [--verify] [--json | --people]",
  help: `
Shows what the entries with the session ID add up to, as spec/sessions.md says: calls of each tool
with the denied ones, bytes, tokens and cost, agents, budgets, the first and last entry's time, and
the head hash. Works beside a running writer and needs no key.

  --tools    the tools in the order of their calls, one a line, instead
  --verify   also read the whole ledger, without the index, and compare; the exit status is 1 when
             that differs
  --json     print JSON Lines, also on a terminal
  --people   print for people, also into a pipe

Examples:
  stele session ./journal s-17
  stele session ./journal s-17 --tools | sort | uniq -c
  stele session ./journal s-17 --verify --json
`,
  options: {
    tools: { type: "boolean" },
    verify: { type: "boolean" },
    json: { type: "boolean" },
    people: { type: "boolean" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const [directory, id] = operands(session, call, ["DIR", "ID"]);
  const people = isForPeople(session, call);
  return withReader(await openReader(directory), async (reader) => {
    const found = await reader.session(id);
    const check = call.options["verify"] === true ? await found.verify() : undefined;
    const status = check?.intact === false ? 1 : 0;
    if (call.options["tools"] === true) return conclude(status, printTools(found, people));
    if (people) return conclude(status, print(formatSession(found, check)));
    return conclude(status, printJson(toJson(found, check)));
  });
}

async function printTools(found: SessionView, people: boolean): Promise<void> {
  for await (const tool of found.toolSequence()) {
    if (people) await print(`${harmless(tool)}\n`);
    else await printJson(tool);
  }
}

function toJson(found: SessionView, check: SessionCheck | undefined): object {
  const { id, length, countedFrom, headHash, firstTime, lastTime } = found;
  const totals = Object.entries<number | bigint>({ ...found.totals() }).map(
    ([name, sum]) => [name, whole(sum)] as const,
  );
  const tools = [...found.toolCounts()].map(([tool, counts]) => ({ tool, ...counts }));
  const agents = [...found.agents()].map(([agent, entries]) => ({ agent, entries }));
  const times = { firstTime: firstTime ?? null, lastTime: lastTime ?? null };
  const budgets = found.budgets().map((name) => ({ budget: name, ...amountsOf(found, name) }));
  const sums = { totals: Object.fromEntries(totals), tools, agents, budgets };
  return { session: id, length, countedFrom, headHash, ...times, ...sums, ...(check && { check }) };
}

function amountsOf(found: SessionView, name: string): object {
  const { amount, remaining, reserved, committed, open } = found.budgetState(name)!;
  const reservations = [...open].map(([reservation, held]) => ({
    reservation,
    amountMicros: whole(held),
  }));
  return {
    amountMicros: whole(amount),
    remainingMicros: whole(remaining),
    reservedMicros: whole(reserved),
    committedMicros: whole(committed),
    reservations,
  };
}

/** As the whole numbers of events are written: text beyond what a double holds. */
function whole(value: number | bigint): number | string {
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
}

function formatSession(found: SessionView, check: SessionCheck | undefined): string {
  if (found.length === 0) {
    const none = dim(`the journal has no entry of session ${harmless(found.id)}\n`);
    return `${none}${formatPruned(found)}`;
  }
  const parts = [formatTotals(found), formatTools(found), formatBudgets(found)];
  parts.push(formatPruned(found));
  return [...parts, formatCheck(check)].filter((part) => part !== "").join("\n");
}

/** What nobody can add up any more. */
function formatPruned({ countedFrom }: SessionView): string {
  if (countedFrom === 0) return "";
  const before = `entries of the journal before ${countedFrom} were pruned`;
  return red(`${before}: what the session had there is in none of these sums\n`);
}

function formatTotals(found: SessionView): string {
  const totals = found.totals();
  const denied = totals.deniedInvocations > 0 ? `, ${totals.deniedInvocations} denied` : "";
  const agents = [...found.agents()].map(([agent, count]) => `${harmless(agent)} (${count})`);
  const lines: readonly (readonly [string, string])[] = [
    ["session", bold(harmless(found.id))],
    ["entries", formatCount(found.length)],
    ["first", found.firstTime ?? ""],
    ["last", found.lastTime ?? ""],
    ["agents", agents.join(", ")],
    ["calls", `${formatCount(totals.invocations)}${denied}`],
    ["deepest", totals.maxDelegationDepth === 0 ? "" : String(totals.maxDelegationDepth)],
    ["bytes", both(totals.bytesRead, totals.bytesWritten, ["read", "written"])],
    ["tokens", both(totals.inputTokens, totals.outputTokens, ["in", "out"])],
    ["cost", totals.costMicros === 0n ? "" : `${formatCount(totals.costMicros)} micros`],
    ["head hash", found.headHash],
  ];
  const shown = lines.filter(([, value]) => value !== "");
  return shown.map(([name, value]) => `${dim(name.padEnd(10))} ${value}\n`).join("");
}

function both(one: bigint, two: bigint, names: readonly [string, string]): string {
  if (one === 0n && two === 0n) return "";
  return `${formatCount(one)} ${names[0]}, ${formatCount(two)} ${names[1]}`;
}

function formatTools(found: SessionView): string {
  const tools = [...found.toolCounts()];
  if (tools.length === 0) return "";
  const columns = [
    { title: "tool" },
    { title: "calls", isNumber: true },
    { title: "denied", isNumber: true },
  ];
  const rows = tools.map(([tool, { calls, denied }]) => [
    tool === "" ? dim("(none)") : harmless(tool),
    formatCount(calls),
    denied === 0 ? "" : red(formatCount(denied)),
  ]);
  return formatTable(columns, rows);
}

function formatBudgets(found: SessionView): string {
  const names = found.budgets();
  if (names.length === 0) return "";
  const titles = ["amount", "remaining", "reserved", "committed"] as const;
  const columns = [
    { title: "budget (micros)" },
    ...titles.map((title) => ({ title, isNumber: true })),
  ];
  const rows = names.map((name) => {
    const state = found.budgetState(name)!;
    return [harmless(name), ...titles.map((title) => formatCount(state[title]))];
  });
  return formatTable(columns, rows);
}

function formatCheck(check: SessionCheck | undefined): string {
  if (!check) return "";
  const { length, missing, mismatch } = check;
  if (mismatch) {
    const { index, what, expected, actual } = mismatch;
    const place = `${what} differs from entry ${index} of the session on`;
    return `${red(place)}: expected ${harmless(expected)}, found ${harmless(actual)}\n`;
  }
  const gone = missing > 0 ? `; ${missing} were pruned` : "";
  return `${green("intact")}: ${length} entries, as the ledger holds them${gone}\n`;
}
