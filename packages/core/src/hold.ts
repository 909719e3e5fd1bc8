// The entries that forbid erasing and pruning, and end that (spec/content.md section 6).

/** What an erasure or a hold is about: each member that is given must fit. */
export interface Selection {
  /** Both included. */
  readonly seqs?: { readonly from: number; readonly to: number } | undefined;
  readonly session?: string | undefined;
  readonly agent?: string | undefined;
  /** Whom an entry is about: its event's `subject`. */
  readonly subject?: string | undefined;
}

/** A hold that was not released. */
export interface Hold {
  readonly name: string;
  readonly selection: Selection;
  readonly reason: string;
  readonly by: string | undefined;
  /** The `stele.hold` entry. */
  readonly seq: number;
  readonly time: string;
}

/** An entry as far as a selection looks at it; its event may be of any form. */
interface Selectable {
  readonly seq: number;
  readonly event: { readonly [member: string]: unknown };
}

const MEMBERS = ["session", "agent", "subject"] as const;

/** Whether the selection says anything at all: one that does not would select everything. */
export function isSelective(selection: Selection): boolean {
  return selection.seqs !== undefined || MEMBERS.some((name) => selection[name] !== undefined);
}

/** Whether the selection is about the entry. */
export function selects(selection: Selection, { seq, event }: Selectable): boolean {
  const { seqs } = selection;
  if (seqs && (seq < seqs.from || seq > seqs.to)) return false;
  return MEMBERS.every((name) => {
    const wanted = selection[name];
    if (wanted === undefined) return true;
    const value = event[name];
    return Array.isArray(value) ? name === "subject" && value.includes(wanted) : value === wanted;
  });
}

/** A selection of another form holds everything: nothing must go because it was misread. */
function readSelection(untrusted: unknown): Selection {
  if (!isObject(untrusted)) return {};
  const { seqs, session, agent, subject } = untrusted;
  const texts = { session, agent, subject };
  const areTexts = Object.values(texts).every((value) =>
    ["string", "undefined"].includes(typeof value),
  );
  if (!areTexts || (seqs !== undefined && !isRange(seqs))) return {};
  const given = Object.entries({ seqs, ...texts }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

function isRange(untrusted: unknown): untrusted is { readonly from: number; readonly to: number } {
  if (!isObject(untrusted)) return false;
  return typeof untrusted["from"] === "number" && typeof untrusted["to"] === "number";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The holds in force, told of the journal's entries one after the other. */
export class Holds {
  readonly #active = new Map<string, Hold>();

  /** Notes an entry, if it adds or releases a hold. */
  note(entry: Selectable & { readonly time: string }): void {
    const { seq, time, event } = entry;
    if (event["type"] !== "stele.hold") return;
    const data = isObject(event["data"]) ? event["data"] : {};
    const { action, hold: name, reason, by } = data;
    if (typeof name !== "string") return;
    if (action === "release") this.#active.delete(name);
    if (action !== "add" || this.#active.has(name)) return;
    this.#active.set(name, {
      name,
      selection: readSelection(data["selection"]),
      reason: String(reason),
      by: typeof by === "string" ? by : undefined,
      seq,
      time,
    });
  }

  /** In the order in which they were added. */
  get active(): readonly Hold[] {
    return [...this.#active.values()];
  }

  /**
   * The hold that forbids erasing or dropping the entry, if one does. A hold also holds the entry
   * that states it.
   */
  over(entry: Selectable): Hold | undefined {
    return this.active.find((hold) => hold.seq === entry.seq || selects(hold.selection, entry));
  }
}
