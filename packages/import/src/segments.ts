/** One file of a journal that is in several, read one after the other. */
export interface Segment {
  readonly name: string;
  readonly sizeBytes: number;
}

/** What the numbers in the names of a directory's segments say. */
export interface Numbering {
  /** By the place of a segment: what is missing before it, or there twice. */
  readonly gaps: ReadonlyMap<number, string>;
  readonly notes: readonly string[];
}

interface Numbered extends Segment {
  readonly number: bigint;
}

/** Names in the order of their numbers if all have one and differ in nothing else. */
export function orderSegments(names: readonly string[]): readonly string[] {
  const sorted = names.toSorted();
  const numbered = numbersOf(
    sorted.map((name) => ({ name, sizeBytes: 0 })),
    10,
  );
  if (!numbered) return sorted;
  const ordered = numbered.toSorted((a, b) => compare(a.number, b.number));
  return ordered.map(({ name }) => name);
}

/**
 * Looks for missing segments where all names share one pattern with a number: the offset of the
 * segment in the whole log, decimal or hexadecimal, or a count. Which one, the segments must show.
 */
export function readNumbering(segments: readonly Segment[]): Numbering {
  const none = { gaps: new Map<number, string>(), notes: [] };
  if (segments.length < 2) return none;
  const readings = [10, 16].flatMap((radix) => {
    const numbers = numbersOf(segments, radix);
    return numbers ? [numbers] : [];
  });
  if (readings.length === 0) return none;
  for (const rule of [byOffset, byCount]) {
    const numbers = readings.find((reading) => isShown(reading, rule));
    if (numbers) return judge(numbers, rule);
  }
  const note =
    "the segments' names have numbers that are neither offsets nor count up by one: " +
    "whether segments are missing cannot be told";
  return { ...none, notes: [note] };
}

/** What the number of the segment behind one should be. */
type Rule = (segment: Numbered) => bigint;

const byOffset: Rule = ({ number, sizeBytes }) => number + BigInt(sizeBytes);
const byCount: Rule = ({ number }) => number + 1n;

/** No log has so many segments; dates are larger, and days without one are no gap. */
const MOST_COUNTED = 1_000_000n;

function isShown(numbers: readonly Numbered[], rule: Rule): boolean {
  if (rule === byCount && numbers.at(-1)!.number > MOST_COUNTED) return false;
  return numbers.some((one, n) => n > 0 && rule(numbers[n - 1]!) === one.number);
}

function judge(numbers: readonly Numbered[], rule: Rule): Numbering {
  const gaps = new Map<number, string>();
  for (const [n, { number }] of numbers.entries()) {
    if (n === 0) continue;
    const before = numbers[n - 1]!;
    const missing = number - rule(before);
    if (missing !== 0n) gaps.set(n, gapWords(before.name, missing, rule));
  }
  const notes = [];
  const first = numbers[0]!;
  if (first.number > (rule === byCount ? 1n : 0n)) {
    notes.push(`the first segment is ${first.name}: those before it are not there`);
  }
  return { gaps, notes };
}

function gapWords(before: string, missing: bigint, rule: Rule): string {
  const count = missing < 0n ? -missing : missing;
  const one = rule === byCount ? "segment" : "byte";
  const what = count === 1n ? `1 ${one}` : `${count} ${one}s`;
  if (missing > 0n) return `by the names, missing behind ${before}: ${what}`;
  return `by the names, this segment begins ${what} before the end of ${before}`;
}

/** The numbers in the names, if those differ in nothing else. */
function numbersOf(segments: readonly Segment[], radix: number): readonly Numbered[] | undefined {
  const pattern =
    radix === 10 ? /^(.*?)([0-9]+)([^0-9]*)$/ : /^(.*[^0-9a-f])?([0-9a-f]{8,})(\..*)?$/;
  const numbers: Numbered[] = [];
  let shared: string | undefined;
  for (const segment of segments) {
    const [, before = "", digits, behind = ""] = pattern.exec(segment.name) ?? [];
    if (digits === undefined) return undefined;
    shared ??= JSON.stringify([before, behind]);
    if (shared !== JSON.stringify([before, behind])) return undefined;
    numbers.push({ ...segment, number: BigInt(radix === 10 ? digits : `0x${digits}`) });
  }
  return numbers;
}

function compare(left: bigint, right: bigint): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
