/**
 * Whether a JSON number, whose double is `value`, has the decimal value of the shortest text that
 * JavaScript prints for that double: 1.0 and 1e2 have, 9007199254740993 and 1e400 have not. Linear.
 */
export function isExactNumber(token: string, value: number): boolean {
  const printed = String(value);
  if (printed === token) return true;
  return Number.isFinite(value) && decimal(printed) === decimal(token);
}

const PARTS = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

/** The one spelling of a magnitude: an integer that does not end in 0, and a power of ten. */
function decimal(token: string): string {
  const [, whole = "", fraction = "", power = "0"] = PARTS.exec(token) ?? [];
  const digits = whole + fraction;
  let lo = 0;
  while (lo < digits.length && digits[lo] === "0") lo++;
  if (lo === digits.length) return "0";
  let hi = digits.length;
  while (digits[hi - 1] === "0") hi--;
  return `${digits.slice(lo, hi)}e${Number(power) + whole.length - hi}`;
}
