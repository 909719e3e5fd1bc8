const CARRIAGE_RETURN = 0x0d;

/** How many parts of a line are looked at; one with more is taken to hide something. */
const MAX_PARTS = 1000;

/**
 * Whether a line has a message inside for those who also end lines at a carriage return, as the
 * usual readers of Python, Java and C# do, while for others it is white space or no JSON at all.
 */
export function hidesMessage(line: Buffer): boolean {
  if (!line.includes(CARRIAGE_RETURN)) return false;
  const text = line.toString("utf8");
  let parts = 0;
  let messages = 0;
  for (let start = 0; start < text.length;) {
    const found = text.indexOf("\r", start);
    const end = found < 0 ? text.length : found;
    const part = text.slice(start, end).trim();
    if (part !== "") parts++;
    if (isMessage(part)) messages++;
    if (parts > MAX_PARTS) return true;
    start = end + 1;
  }
  return parts > 1 && messages > 0;
}

function isMessage(part: string): boolean {
  if (!part.startsWith("{") && !part.startsWith("[")) return false;
  try {
    JSON.parse(part);
    return true;
  } catch {
    return false;
  }
}
