import { object, type JsonSchema } from "./schema.ts";

/** What is known of one member of a record's `data`. */
export interface Member {
  readonly schema: JsonSchema;
  readonly meaning: string;
  /** The OpenTelemetry attribute that says the same, where there is one. */
  readonly otel?: string;
  readonly optional?: boolean;
}

/** A member that a record need not have. */
export type OptionalMember = Member & { readonly optional: true };

/** One for each member of the type, optional exactly where the type says so. */
export type Members<Data> = {
  readonly [Name in keyof Data]-?: Member &
    (Data extends Record<Name, Data[Name]> ? { optional?: never } : { optional: true });
};

/** A record type: everything that is said of it, in one place. */
export interface RecordType {
  /** The event's `type`. */
  readonly type: string;
  /** What such a record means, in a sentence. */
  readonly meaning: string;
  /** The members of `data`. */
  readonly members: Readonly<Record<string, Member>>;
  /** The JSON Schema of the whole event. */
  readonly schema: JsonSchema;
  /** OpenTelemetry attributes that every such record has, with their values. */
  readonly constants: Readonly<Record<string, string>>;
  /** OpenTelemetry attributes of `id` and `parent`. */
  readonly links: { readonly id?: string; readonly parent?: string };
}

/** What a type is made from. */
interface Definition<Data> {
  readonly type: string;
  readonly meaning: string;
  readonly members: Members<Data>;
  readonly constants?: RecordType["constants"];
  readonly links?: RecordType["links"];
  /** The members that such an event has besides `type` and `data`, of id, agent, session, parent. */
  readonly needs?: readonly string[];
}

/** The member, where a record must have it. */
export function mandatory({ schema, meaning, otel }: Member): Omit<Member, "optional"> {
  return { schema, meaning, ...(otel !== undefined && { otel }) };
}

/** Makes the type's schema from its members. */
export function recordType<Data>(definition: Definition<Data>): RecordType {
  const { type, meaning, constants = {}, links = {}, needs = [] } = definition;
  const members: Readonly<Record<string, Member>> = definition.members;
  return { type, meaning, members, constants, links, schema: schemaOf(definition, members, needs) };
}

function schemaOf(
  { type, meaning }: { readonly type: string; readonly meaning: string },
  members: Readonly<Record<string, Member>>,
  needs: readonly string[],
): JsonSchema {
  const entries = Object.entries(members);
  const required = entries.filter(([, { optional }]) => !optional).map(([name]) => name);
  const properties = Object.fromEntries(entries.map(([name, { schema }]) => [name, schema]));
  const reference = { type: "string", minLength: 1, maxLength: 512, description: "a string" };
  const references = { id: reference, agent: reference, session: reference, parent: reference };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: type,
    ...object({ type: { const: type }, ...references, data: object(properties, required) }, [
      "type",
      ...needs,
      "data",
    ]),
    description: meaning,
  };
}
