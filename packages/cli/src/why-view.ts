import type { Entry } from "@stele/journal";
import type {
  Contribution,
  ExplainedEntry,
  Explanation,
  QueryAudit,
  Unexplained,
} from "@stele/journal/questions";
import { bold, cyan, dim, harmless, harmlessLines, yellow } from "./style.ts";

/** A line of a tree and what hangs below it. */
interface Branch {
  readonly text: string;
  readonly below: readonly Branch[];
}

/** The explanation as a tree of lines for people. */
export function formatExplanation({ subject, before, omitted }: Explanation): string {
  const { session } = subject.entry.event;
  const more = omitted > 0 ? [{ text: dim(`… ${omitted} earlier entries`), below: [] }] : [];
  const earlier = {
    text: `before it in session ${cyan(harmless(String(session)))}`,
    below: [...more, ...before.map((one) => branch(one, ""))],
  };
  const { text, below } = branch(subject, "");
  const all = before.length + omitted > 0 ? [...below, earlier] : below;
  return [text, ...lines(all, ""), ""].join("\n");
}

function* lines(branches: readonly Branch[], indent: string): Generator<string> {
  for (const [place, { text, below }] of branches.entries()) {
    const isLast = place === branches.length - 1;
    yield `${dim(indent + (isLast ? "└─ " : "├─ "))}${text}`;
    yield* lines(below, indent + (isLast ? "   " : "│  "));
  }
}

function branch(node: ExplainedEntry | Unexplained, relation: string): Branch {
  if ("reason" in node) return { text: relation + unexplained(node), below: [] };
  const { entry, audit, causes, outcomes } = node;
  const below = [
    ...auditBranches(audit),
    ...outcomes.map((outcome) => branch(outcome, "led to ")),
    ...causes.map((cause) => branch(cause, relationOf(entry, cause))),
  ];
  return { text: relation + entryLine(entry), below };
}

/** A cause that names its child as its own parent is the audit of it. */
function relationOf(child: Entry, cause: ExplainedEntry | Unexplained): string {
  if ("reason" in cause) return "caused by ";
  const isParent = child.event.parent === cause.entry.event.id;
  return isParent ? "caused by " : "rests on ";
}

const UNEXPLAINED: Readonly<Record<Unexplained["reason"], string>> = {
  missing: "no entry has this id",
  cycle: "already shown above: a circle",
  deep: "and further back",
};

function unexplained({ id, reason }: Unexplained): string {
  return `${harmless(id)}  ${yellow(UNEXPLAINED[reason])}`;
}

function entryLine(entry: Entry): string {
  const { seq, time, hash, event } = entry;
  // What another program recorded may be of any form.
  const { id, type, agent }: Readonly<Record<string, unknown>> = event;
  const parts = [
    bold(word(type)),
    word(id),
    cyan(word(agent)),
    harmless(gist(event.data)),
    dim(`entry ${seq}  ${time}  ${hash.slice(0, SHOWN_HASH)}…`),
  ];
  return parts.filter((part) => part !== "").join("  ");
}

function word(untrusted: unknown): string {
  return typeof untrusted === "string" ? harmless(untrusted) : "";
}

/** How many hex digits of a hash a tree shows; JSON has all. */
const SHOWN_HASH = 16;
const GIST = ["tool", "policy", "chosen", "model", "verdict", "outcome", "allowed", "message"];

/** What most tells one event from another, in a few words. */
function gist(data: unknown): string {
  if (typeof data !== "object" || data === null) return "";
  const members = data as Readonly<Record<string, unknown>>;
  const words = GIST.flatMap((name) => {
    const value = members[name];
    const isShort = typeof value === "string" || typeof value === "boolean";
    return isShort ? [`${name}=${String(value).slice(0, 40)}`] : [];
  });
  return words.join(" ");
}

function auditBranches(audit: QueryAudit | undefined): readonly Branch[] {
  if (!audit) return [];
  const { resultHash, confidence, contributions } = audit;
  const result = `result ${short(resultHash)}  confidence ${confidence ?? "?"}`;
  return [{ text: result, below: contributions.map(contributionBranch) }];
}

function contributionBranch({ assertion, weight, source, lifecycle, entry }: Contribution): Branch {
  const parts = [
    `assertion ${short(assertion)}`,
    `weight ${weight ?? "?"}`,
    `source ${short(source)}`,
    `lifecycle ${harmless(lifecycle ?? "?")}`,
  ];
  const below = entry ? [{ text: `recorded as ${entryLine(entry)}`, below: [] }] : [];
  return { text: parts.join("  "), below };
}

function short(untrusted: string | undefined): string {
  if (untrusted === undefined) return "?";
  const text = harmless(untrusted);
  return text.length > SHOWN_HASH ? `${text.slice(0, SHOWN_HASH)}…` : text;
}

/** The explanation as a graph in the language of Graphviz. */
export function explanationToDot({ subject, before }: Explanation): string {
  const graph = new Graph();
  graph.add(subject);
  for (const one of before) graph.add(one);
  for (const { entry } of before) graph.edge(subject.entry.seq, entry.seq, "session");
  return graph.toString();
}

class Graph {
  readonly #nodes = new Map<string, string>();
  readonly #edges = new Set<string>();

  add({ entry, audit, causes, outcomes }: ExplainedEntry): void {
    const { seq, hash, event } = entry;
    const names = `${word(event.type)}\n${word(event.id)}`;
    const label = `${names}\nentry ${seq}\n${hash.slice(0, SHOWN_HASH)}…`;
    this.#node(String(seq), label, "box");
    if (event.id !== undefined) this.#ids.set(event.id, String(seq));
    for (const { assertion, weight, lifecycle } of audit?.contributions ?? []) {
      this.#node(assertion, `${short(assertion)}\n${harmless(lifecycle ?? "?")}`, "ellipse");
      this.edge(seq, assertion, `weight ${weight ?? "?"}`);
    }
    for (const cause of causes) {
      if ("reason" in cause) {
        if (cause.reason !== "cycle")
          this.#node(cause.id, `${harmless(cause.id)}\n${cause.reason}`, "plain");
        this.edge(
          seq,
          cause.reason === "cycle" ? (this.#byId(cause.id) ?? cause.id) : cause.id,
          "caused by",
        );
      } else {
        this.add(cause);
        this.edge(seq, cause.entry.seq, relationOf(entry, cause).trim());
      }
    }
    for (const outcome of outcomes) {
      this.add(outcome);
      this.edge(outcome.entry.seq, seq, "caused by");
    }
  }

  readonly #ids = new Map<string, string>();

  #byId(id: string): string | undefined {
    return this.#ids.get(id);
  }

  edge(from: number | string, to: number | string, label: string): void {
    this.#edges.add(`  ${quote(String(from))} -> ${quote(String(to))} [label=${quote(label)}];`);
  }

  #node(name: string, label: string, shape: string): void {
    this.#nodes.set(name, `  ${quote(name)} [shape=${shape}, label=${quote(label)}];`);
  }

  toString(): string {
    const body = [...this.#nodes.values(), ...this.#edges];
    return `digraph why {\n  rankdir=LR;\n${body.join("\n")}\n}\n`;
  }
}

function quote(untrusted: string): string {
  const text = harmlessLines(untrusted).replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return `"${text.replaceAll("\n", "\\n")}"`;
}
