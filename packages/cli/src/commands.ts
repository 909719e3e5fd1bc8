import type { Command } from "./command.ts";

/** A command of the list. Its module is loaded when it is called: none pays for the others. */
export interface CommandEntry {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** In the order in which the help lists them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "init",
    summary: "make a journal and its key; prints the public key to pin",
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "append",
    summary: "record events, one JSON object a line; prints a receipt for each",
    load: async () => (await import("./commands/append.ts")).append,
  },
  {
    name: "cat",
    summary: "print entries",
    load: async () => (await import("./commands/cat.ts")).cat,
  },
  {
    name: "query",
    summary: "find entries by agent, session, type, time, words and more",
    load: async () => (await import("./commands/query.ts")).query,
  },
  {
    name: "stats",
    summary: "count entries and sum tokens, bytes and cost, by hour, agent, tool and more",
    load: async () => (await import("./commands/stats.ts")).stats,
  },
  {
    name: "why",
    summary: "show what led to an event: its causes, the query's assertions, the calls before",
    load: async () => (await import("./commands/why.ts")).why,
  },
  {
    name: "session",
    summary: "show what a session adds up to: calls, bytes, tokens, cost, budgets",
    load: async () => (await import("./commands/session.ts")).session,
  },
  {
    name: "verify",
    summary: "check a journal and say what that is worth",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "checkpoint",
    summary: "print the newest signed checkpoint, to keep elsewhere",
    load: async () => (await import("./commands/checkpoint.ts")).checkpoint,
  },
  {
    name: "prove",
    summary: "print a proof of an entry, or of several, to hand to somebody",
    load: async () => (await import("./commands/prove.ts")).prove,
  },
  {
    name: "check",
    summary: "check a proof that somebody handed over, offline",
    load: async () => (await import("./commands/check.ts")).check,
  },
  {
    name: "consistency",
    summary: "check that a journal extends a checkpoint kept from before",
    load: async () => (await import("./commands/consistency.ts")).consistency,
  },
  {
    name: "publish",
    summary: "write the journal as a static site for transparency-log tools",
    load: async () => (await import("./commands/publish.ts")).publish,
  },
  {
    name: "erase",
    summary: "erase contents; an entry says what is gone, when, by whom and why",
    load: async () => (await import("./commands/erase.ts")).erase,
  },
  {
    name: "hold",
    summary: "forbid to erase and prune entries, as for a lawsuit, until it is released",
    load: async () => (await import("./commands/hold.ts")).hold,
  },
  {
    name: "rotate-key",
    summary: "let a new key follow the present one, which is destroyed",
    load: async () => (await import("./commands/rotate-key.ts")).rotateKey,
  },
  {
    name: "agent",
    summary: "say which keys agents sign their own events with",
    load: async () => (await import("./commands/agent.ts")).agent,
  },
  {
    name: "prune",
    summary: "drop the oldest segments; their hashes stay, and an entry says what went",
    load: async () => (await import("./commands/prune.ts")).prune,
  },
  {
    name: "import",
    summary: "check or take over the journal file of another system",
    load: async () => (await import("./commands/import.ts")).importFile,
  },
  {
    name: "export",
    summary: "write entries as the journal file of another system",
    load: async () => (await import("./commands/export.ts")).exportFile,
  },
  {
    name: "mcp",
    summary: "run an MCP server and record the tool calls between it and its client",
    load: async () => (await import("./commands/mcp.ts")).mcp,
  },
  {
    name: "witness",
    summary: "countersign the checkpoints of others' journals",
    load: async () => (await import("./commands/witness.ts")).witness,
  },
];
