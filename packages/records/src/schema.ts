// Pieces of JSON Schema (draft 2020-12). A `description` says what is expected, in the words of an
// error message: "expected <description>".

/** A JSON Schema as plain JSON. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Any text. */
export const text: JsonSchema = { type: "string", description: "a string" };

/** Text that says something. */
export const name: JsonSchema = {
  type: "string",
  minLength: 1,
  description: "a string, not empty",
};

/** A SHA-256 in its only accepted form. */
export const digest: JsonSchema = {
  type: "string",
  pattern: "^[0-9a-f]{64}$",
  description: "a SHA-256 as 64 lower-case hex digits",
};

/** True or false. */
export const flag: JsonSchema = { type: "boolean", description: "true or false" };

/** Any number. */
export const real: JsonSchema = { type: "number", description: "a number" };

/** A number from 0 to 1. */
export const share: JsonSchema = {
  type: "number",
  minimum: 0,
  maximum: 1,
  description: "a number from 0 to 1",
};

/** An unsigned 32-bit number. */
export const small: JsonSchema = {
  type: "integer",
  minimum: 0,
  maximum: 4_294_967_295,
  description: "a whole number from 0 to 4294967295",
};

/** An unsigned 64-bit number: a JSON integer as far as doubles are exact, else decimal text. */
export const whole: JsonSchema = {
  anyOf: [
    { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    { type: "string", pattern: wholePattern() },
  ],
  description:
    "a whole number from 0 to 2^64-1: a number up to 2^53-1, or decimal text without leading zeros",
};

/** One of these words. */
export function oneOf(...words: readonly string[]): JsonSchema {
  const quoted = words.map((word) => JSON.stringify(word));
  return { enum: words, description: `one of ${quoted.join(", ")}` };
}

/** An object of which only these members are looked at. */
export function object(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[],
): JsonSchema {
  return { type: "object", required, properties, description: "an object" };
}

/** A list. */
export function list(items: JsonSchema): JsonSchema {
  return { type: "array", items, description: "an array" };
}

/** An object whose every member is like that. */
export function mapOf(values: JsonSchema): JsonSchema {
  return { type: "object", additionalProperties: values, description: "an object" };
}

/** Decimal text up to 2^64-1, without leading zeros: shorter numbers, or a digit that is less. */
function wholePattern(): string {
  const limit = String(2n ** 64n - 1n);
  const less = [...limit].flatMap((digit, index) => {
    const top = Number(digit) - 1;
    const bottom = index === 0 ? 1 : 0;
    if (top < bottom) return [];
    const place = top === bottom ? String(top) : `[${bottom}-${top}]`;
    const rest = limit.length - index - 1;
    return [`${limit.slice(0, index)}${place}${rest === 0 ? "" : `[0-9]{${rest}}`}`];
  });
  return `^(0|[1-9][0-9]{0,${limit.length - 2}}|${[...less, limit].join("|")})$`;
}
