import type { Lossless } from "../lossless-json.ts";

/**
 * The compact text of a value as serde_json writes it again after it read it, members in their
 * order: strings in their shortest escapes, numbers as its integers and doubles. The original
 * systems hash what they wrote again, not what they read.
 */
export function serdeJson(node: Lossless): string {
  if (node.kind === "object") {
    const members = [...node.members].map(
      ([name, value]) => `${JSON.stringify(name)}:${serdeJson(value)}`,
    );
    return `{${members.join(",")}}`;
  }
  if (node.kind === "array") return `[${node.items.map(serdeJson).join(",")}]`;
  if (node.kind === "string") return JSON.stringify(node.value);
  return node.kind === "number" ? serdeNumber(node.text) : node.text;
}

const MIN_INTEGER = -(1n << 63n);
const MAX_INTEGER = (1n << 64n) - 1n;

/** An integer of 64 bits as it stands; anything else is a double, in its shortest digits. */
function serdeNumber(text: string): string {
  if (/^-?[0-9]+$/.test(text) && text !== "-0") {
    const value = BigInt(text);
    if (value >= MIN_INTEGER && value <= MAX_INTEGER) return text;
  }
  return serdeDouble(Number(text));
}

/** With `.0` when it is whole; with an exponent from 1e16 on, and below 1e-5. */
function serdeDouble(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (value === 0) return `${sign}0.0`;
  const [, first = "", rest = "", power = ""] =
    /^(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(Math.abs(value).toExponential()) ?? [];
  const digits = first + rest;
  const point = Number(power) + 1;
  if (point > 16 || point <= -5) {
    return `${sign}${first}${rest === "" ? "" : `.${rest}`}e${Number(power)}`;
  }
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits.padEnd(point, "0")}.0`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
