import type { Event } from "@stele/core/event";
import { recordTypeList } from "./types/all.ts";

/** The value of an OpenTelemetry attribute. */
export type OtelValue = string | number | boolean | readonly string[];

/** What of a record is which attribute (GenAI semantic conventions, status Development). */
export interface OtelMapping {
  readonly type: string;
  /** By JSON pointer into the event. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Attributes that every such record has. */
  readonly constants: Readonly<Record<string, string>>;
}

/** The attributes that are lists of text, though the record has one text. */
const LISTS = new Set(["gen_ai.response.finish_reasons"]);

const EVERY = { "/agent": "gen_ai.agent.id", "/session": "gen_ai.conversation.id" };

/** The mapping of every type that Stele knows. */
export const otelMappings: readonly OtelMapping[] = recordTypeList.map(
  ({ type, members, constants, links }) => {
    const named = Object.entries(members).flatMap(([name, { otel }]) =>
      otel === undefined ? [] : [[`/data/${name}`, otel] as const],
    );
    const ids = Object.entries(links).map(([name, attribute]) => [`/${name}`, attribute] as const);
    const failed = type === "tool.result" ? { "/data/outcome": "error.type" } : {};
    const attributes = { ...EVERY, ...Object.fromEntries<string>([...ids, ...named]), ...failed };
    return { type, attributes, constants };
  },
);

/**
 * The OpenTelemetry attributes of an event, of those that have one. Whole numbers beyond 2^53-1
 * stay decimal text. `error.type` is the outcome of a tool that failed. A type that Stele does not
 * know has only agent and session.
 */
export function otelAttributes(event: Event): Readonly<Record<string, OtelValue>> {
  const mapping = otelMappings.find(({ type }) => type === event.type);
  const values = Object.entries(mapping?.attributes ?? EVERY).flatMap(([pointer, attribute]) => {
    const value = valueOf(valueAt(event, pointer), attribute);
    return value === undefined || (attribute === "error.type" && value === "ok")
      ? []
      : [[attribute, value] as const];
  });
  return { ...mapping?.constants, ...Object.fromEntries(values) };
}

function valueOf(value: unknown, attribute: string): OtelValue | undefined {
  if (typeof value === "string" && LISTS.has(attribute)) return [value];
  const isPlain = ["string", "number", "boolean"].includes(typeof value);
  return isPlain ? (value as OtelValue) : undefined;
}

function valueAt(event: Event, pointer: string): unknown {
  let value: unknown = event;
  for (const name of pointer.split("/").slice(1)) {
    const known = typeof value === "object" && value !== null && Object.hasOwn(value, name);
    value = known ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  }
  return value;
}
