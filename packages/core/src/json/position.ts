import { SteleError, type ErrorCode } from "../error.ts";

/** What is wrong at an offset of the text, with its line and column, which count from 1. */
export function jsonError(
  code: ErrorCode,
  problem: string,
  text: string,
  offset: number,
): SteleError {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0 && end < offset; end = text.indexOf("\n", start)) {
    line++;
    start = end + 1;
  }
  const column = offset - start + 1;
  return new SteleError(code, `${problem} at line ${line}, column ${column}`, { offset });
}

/** JSON_SYNTAX: what was expected at the offset, and what is there. */
export function unexpected(expected: string, text: string, offset: number): SteleError {
  const found = show(text.codePointAt(offset));
  return jsonError("JSON_SYNTAX", `expected ${expected}, found ${found}`, text, offset);
}

/** The text for a message: not too long, and without half of the character that it is cut in. */
export function clipped(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80).toWellFormed()}…` : text;
}

/** Such as U+00E9. */
export function codePointName(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}

const VISIBLE = /^[^\p{C}\p{Z}]$/u;

function show(codePoint: number | undefined): string {
  if (codePoint === undefined) return "the end of the text";
  const character = String.fromCodePoint(codePoint);
  return VISIBLE.test(character) ? JSON.stringify(character) : codePointName(codePoint);
}
