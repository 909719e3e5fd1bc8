/** The longest text from the wire that goes into an event's data. */
const MAX_TEXT = 256;

/**
 * Text from the wire as it may stand in an event: at most 256 characters, with an ellipsis when it
 * was cut, and with U+FFFD for lone surrogates, which a journal refuses.
 */
export function clip(text: string): string {
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return Buffer.from(cut).toString();
}

/** The code of an error as it may stand in an event; undefined when it is no text and no number. */
export function clipCode(code: unknown): string | number | undefined {
  if (typeof code === "string") return clip(code);
  if (typeof code !== "number") return undefined;
  return Number.isFinite(code) ? code : String(code);
}
