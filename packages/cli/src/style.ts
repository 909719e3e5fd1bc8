import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

function style(format: Format): (text: string) => string {
  // styleText looks at NO_COLOR, FORCE_COLOR and whether the stream is a terminal.
  return (text) => styleText(format, text, { stream: process.stdout });
}

export const bold: (text: string) => string = style("bold");
export const dim: (text: string) => string = style("dim");
export const red: (text: string) => string = style("red");
export const green: (text: string) => string = style("green");
export const yellow: (text: string) => string = style("yellow");
export const cyan: (text: string) => string = style("cyan");

// oxlint-disable-next-line no-control-regex -- these are what must not reach a terminal
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Text from a journal made harmless for a terminal: control and direction characters are shown as
 * escapes. It stays in its line, so that nobody's name looks like an entry of its own.
 */
export function harmless(untrusted: string): string {
  return untrusted.replace(CONTROLS, escaped);
}

/** Text of several lines made harmless in the same way, for where it cannot be taken for others. */
export function harmlessLines(untrusted: string): string {
  return untrusted.replace(CONTROLS, (letter) =>
    letter === "\n" || letter === "\t" ? letter : escaped(letter),
  );
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A size for people: 1.5 MB. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
