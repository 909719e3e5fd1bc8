import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { SteleError } from "@stele/core/error";
import type { Event } from "@stele/core/event";
import type { JsonSchema } from "./schema.ts";
import { recordTypeList } from "./types/all.ts";

/** A record type of anybody's own. */
export interface OwnType {
  /** The event's `type`: not one that is registered, nor one under `stele.`. */
  readonly type: string;
  /** A JSON Schema (draft 2020-12) of the whole event: `type`, `id`, `data` and so on. */
  readonly schema: JsonSchema;
}

/**
 * Checks events against the schemas of their types; events of a type that is not registered pass.
 * Give it to `openJournal` as `records`.
 */
export class RecordRegistry {
  readonly #schemas: Map<string, JsonSchema>;
  readonly #compiled = new Map<string, ValidateFunction>();
  #ajv: Ajv2020 | undefined;

  /** For `recordTypes`. */
  constructor(schemas: Iterable<readonly [string, JsonSchema]>) {
    this.#schemas = new Map(schemas);
  }

  /** The registered types. */
  get types(): readonly string[] {
    return [...this.#schemas.keys()];
  }

  /** Whether events of this type are checked. */
  has(type: string): boolean {
    return this.#schemas.has(type);
  }

  /**
   * Adds a type. Its schema is compiled at once. Throws OPTION_INVALID when it is no JSON Schema
   * of draft 2020-12, refers to others or is asynchronous; when the type is there already, or is
   * reserved.
   */
  register({ type, schema }: OwnType): this {
    if (this.has(type)) throw refused(type, "it is registered already");
    if (type.startsWith("stele.")) throw refused(type, "stele. is for the journal itself");
    this.#compiled.set(type, this.#compileOwn(type, schema));
    this.#schemas.set(type, schema);
    return this;
  }

  /**
   * Throws RECORD_INVALID when the event, as JSON gives it, is not what its type's schema says:
   * with the JSON pointer of the field, what was expected there and what came.
   */
  check(untrusted: Event): void {
    const { type } = untrusted;
    const schema = this.#schemas.get(type);
    if (!schema) return;
    let isValid = this.#compiled.get(type);
    if (!isValid) {
      isValid = this.#compiler().compile(schema);
      this.#compiled.set(type, isValid);
    }
    if (!isValid(untrusted)) throw invalid(type, isValid.errors ?? []);
  }

  #compileOwn(type: string, schema: JsonSchema): ValidateFunction {
    const ajv = this.#compiler();
    let isValid: ValidateFunction;
    try {
      void ajv.validateSchema(schema, true);
      isValid = ajv.compile(schema);
    } catch (cause) {
      throw refused(type, (cause as Error).message, cause);
    }
    // Its answer would be a promise, which is never false.
    if ("$async" in isValid) throw refused(type, "its schema is asynchronous");
    return isValid;
  }

  #compiler(): Ajv2020 {
    // Verbose, so that errors carry the value and the schema's own words for what is expected. What
    // checks schemas takes longer to make than all else; the schemas that Stele knows are sound.
    this.#ajv ??= new Ajv2020({
      verbose: true,
      strict: false,
      validateFormats: false,
      validateSchema: false,
      logger: false,
      // What every object inherits is no member of a record.
      ownProperties: true,
      // A schema stands for its type only; one that was refused leaves nothing behind.
      addUsedSchema: false,
    });
    return this.#ajv;
  }
}

/** A registry of the types that Stele knows (docs/records.md), to which others can be added. */
export function recordTypes(): RecordRegistry {
  return new RecordRegistry(recordTypeList.map(({ type, schema }) => [type, schema]));
}

function refused(type: string, why: string, cause?: unknown): SteleError {
  const message = `the record type ${JSON.stringify(type)} cannot be registered: ${why}`;
  return new SteleError("OPTION_INVALID", message, { cause });
}

function invalid(type: string, errors: readonly ErrorObject[]): SteleError {
  // Of alternatives the last error speaks for all: those before it are of each one alone.
  const error = errors.find(({ keyword }) => keyword === "anyOf" || keyword === "oneOf");
  const { pointer, expected, came } = explain(error ?? errors[0]!);
  const message = `not a ${type} record: ${pointer}: expected ${expected}, got ${came}`;
  return new SteleError("RECORD_INVALID", message);
}

interface Explanation {
  readonly pointer: string;
  readonly expected: string;
  readonly came: string;
}

function explain(error: ErrorObject): Explanation {
  const { instancePath, keyword, params, parentSchema, data } = error;
  const { missingProperty, additionalProperty } = params as Record<string, unknown>;
  if (keyword === "required") {
    const missing = String(missingProperty);
    const wanted = described(member(parentSchema, missing)) ?? "a value";
    return { pointer: `${instancePath}/${escaped(missing)}`, expected: wanted, came: "nothing" };
  }
  if (keyword === "additionalProperties" || keyword === "unevaluatedProperties") {
    const extra = String(additionalProperty ?? params["unevaluatedProperty"]);
    const pointer = `${instancePath}/${escaped(extra)}`;
    return { pointer, expected: "nothing", came: "a member of that name" };
  }
  const expected = described(parentSchema) ?? error.message?.replace(/^must be /, "") ?? keyword;
  return { pointer: instancePath === "" ? "the event" : instancePath, expected, came: show(data) };
}

function member(schema: unknown, name: string): unknown {
  const { properties } = (schema ?? {}) as { properties?: Readonly<Record<string, unknown>> };
  return properties?.[name];
}

function described(schema: unknown): string | undefined {
  const { description } = (schema ?? {}) as { description?: unknown };
  return typeof description === "string" ? description : undefined;
}

/** RFC 6901 section 3. */
function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
