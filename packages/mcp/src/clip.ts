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

/**
 * A JSON-RPC id as it may stand in an event: a string or a finite number as it is, anything else as
 * text.
 */
export function clipId(id: unknown): string | number | null | undefined {
  if (id === undefined || id === null) return id;
  if (typeof id === "string") return clip(id);
  if (typeof id === "number") return Number.isFinite(id) ? id : String(id);
  return clip(JSON.stringify(id));
}
