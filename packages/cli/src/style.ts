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
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text from a journal made harmless for a terminal: control and direction characters are shown as
 * escapes.
 */
export function harmless(untrusted: string): string {
  return untrusted.replace(
    CONTROLS,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A size for people: 1.5 MB. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
