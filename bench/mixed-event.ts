import type { Event } from "@stele/journal";

// What agents at work leave behind: sessions side by side, each a round of an inference, a
// decision and tool calls with their results. The same in every run.

const AGENTS = 20;
const TOOLS = 12;
const MODELS = ["opal-large", "opal-small", "jade-2", "jade-2-mini", "flint-1", "flint-1-vision"];
const PROVIDERS = ["opal", "jade", "flint"];
/** Sessions that are under way at the same time, and the events of each. */
const AT_ONCE = 8;
const SESSION_EVENTS = 500;
const VOCABULARY = 2048;
const MESSAGE_WORDS = 8;
const KINDS = [
  "inference.request",
  "inference.response",
  "decision",
  "tool.call",
  "tool.result",
  "tool.call",
  "tool.result",
  "note",
] as const;

/** What all these events have. */
export interface MixedEvent extends Event {
  readonly id: string;
  readonly parent: string;
  readonly agent: string;
  readonly session: string;
  readonly data: Readonly<Record<string, string | number>>;
}

/** Event number `index`: about 300 bytes as JSON. */
export function mixedEvent(index: number): MixedEvent {
  const block = Math.floor(index / (AT_ONCE * SESSION_EVENTS));
  const session = block * AT_ONCE + (index % AT_ONCE);
  const step = Math.floor(index / AT_ONCE) % SESSION_EVENTS;
  const kind = KINDS[step % KINDS.length]!;
  return {
    type: kind,
    id: `event-${padded(index)}`,
    parent: `event-${padded(step === 0 ? index : index - AT_ONCE)}`,
    agent: `agent-${mixed(session) % AGENTS}`,
    session: `session-${padded(session)}`,
    data: dataOf(kind, index, session),
  };
}

/** A word that some messages have, the one of a higher rank in fewer. */
export function wordOf(rank: number): string {
  return `w${(rank % VOCABULARY).toString(36)}`;
}

function dataOf(
  kind: (typeof KINDS)[number],
  index: number,
  session: number,
): Readonly<Record<string, string | number>> {
  const random = mixed(index);
  const model = mixed(session) % MODELS.length;
  const inference = { provider: PROVIDERS[model >> 1]!, model: MODELS[model]! };
  // A call and its result are of one tool.
  const tool = { tool: `tool-${mixed(index - (kind === "tool.result" ? AT_ONCE : 0)) % TOOLS}` };
  switch (kind) {
    case "inference.request":
      return { ...inference, message: message(index) };
    case "inference.response": {
      const usage = { inputTokens: random % 20_000, outputTokens: random % 1_500 };
      return { ...inference, ...usage, costMicros: random % 90_000, message: message(index) };
    }
    case "decision":
      return { policy: "spend", verdict: random % 50 ? "admit" : "reject", reason: message(index) };
    case "tool.call":
      return { server: "files", ...tool, path: `/srv/project/src/module-${random % 997}.ts` };
    case "tool.result":
      return { ...tool, outcome: "ok", bytesRead: random % 65_536, bytesWritten: random % 4096 };
    case "note":
      return { note: message(index) };
    default:
      return kind satisfies never;
  }
}

function message(index: number): string {
  const words = Array.from({ length: MESSAGE_WORDS }, (_, at) => {
    // The lower of two: lower ranks are commoner.
    const [one, other] = [mixed(index * 31 + at), mixed(index * 37 + at + 7)];
    return wordOf(Math.min(one % VOCABULARY, other % VOCABULARY));
  });
  return words.join(" ");
}

/** A number below 2^32 that looks like chance. */
function mixed(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x45d9f3b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function padded(index: number): string {
  return String(index).padStart(12, "0");
}
