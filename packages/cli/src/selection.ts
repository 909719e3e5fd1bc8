import { userInfo } from "node:os";
import type { Selection } from "@stele/journal/erasure";
import { parseWhole, text, usage, type Call } from "./arguments.ts";
import type { Command } from "./command.ts";

/** The options by which an erasure or a hold says what it is about, and who wants it. */
export const SELECTION_OPTIONS = {
  seq: { type: "string" },
  session: { type: "string" },
  agent: { type: "string" },
  subject: { type: "string" },
  reason: { type: "string" },
  by: { type: "string" },
} as const;

/** What these options are, for the help. */
export const SELECTION_HELP = `  --seq N, --seq N..M   an entry, or the entries from N to M
  --session S           the entries of a session
  --agent A             the entries of an agent
  --subject ID          the entries whose "subject" is ID, or holds it: whom they are about
  --reason TEXT         why, for the entry that says so
  --by WHO              who wants it (default: your user name)`;

const SELECTORS = ["seq", "session", "agent", "subject"] as const;

/** What the options select. Throws OPTION_INVALID. */
export function readSelection(command: Command, call: Call): Selection {
  const [session, agent, subject] = ["session", "agent", "subject"].map((name) => text(call, name));
  const seqs = readSeqs(command, call);
  if ([seqs, session, agent, subject].every((part) => part === undefined)) {
    throw usage(command, "say what: --seq, --session, --agent or --subject");
  }
  return { seqs, session, agent, subject };
}

/** Why, and who wants it. Throws OPTION_INVALID. */
export function readWhy(
  command: Command,
  call: Call,
): { readonly reason: string; readonly by: string } {
  const reason = text(call, "reason");
  if (reason === undefined) throw usage(command, "--reason is missing");
  return { reason, by: text(call, "by") ?? userName(command) };
}

function userName(command: Command): string {
  try {
    return userInfo().username;
  } catch (cause) {
    throw usage(command, "--by is missing, and this user has no name", cause);
  }
}

/** Throws OPTION_INVALID when the call selects entries, and `action` is not about some. */
export function refuseSelection(command: Command, call: Call, action: string): void {
  const given = SELECTORS.find((name) => text(call, name) !== undefined);
  if (given !== undefined) throw usage(command, `${action} takes no --${given}`);
}

function readSeqs(command: Command, call: Call): Selection["seqs"] {
  const words = text(call, "seq");
  if (words === undefined) return undefined;
  const [from, to = from, ...more] = words.split("..");
  if (more.length > 0) throw usage(command, `--seq takes N or N..M, not ${JSON.stringify(words)}`);
  return { from: parseWhole(command, "--seq", from!), to: parseWhole(command, "--seq", to!) };
}

/** The selection in words. */
export function formatSelection({ seqs, session, agent, subject }: Selection): string {
  const parts = Object.entries({ session, agent, subject }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`],
  );
  if (seqs) parts.unshift(seqs.from === seqs.to ? `entry ${seqs.from}` : rangeText(seqs));
  return parts.join(", ");
}

function rangeText({ from, to }: { readonly from: number; readonly to: number }): string {
  return `entries ${from} to ${to}`;
}
