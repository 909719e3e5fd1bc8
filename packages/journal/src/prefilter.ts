import type { Selection } from "@stele/core/hold";

// What the bytes of a line say without being read as JSON. Each answer is wrong on one side only:
// where a text may be spelled with escapes, the line may be wanted.

/** A line may state or end a hold. */
export function mayBeAboutHolds(line: Buffer): boolean {
  return line.includes("stele.hold") || hasEscapes(line);
}

/** A line may name contents. */
export function mayNameContents(line: Buffer): boolean {
  return line.includes('"commitment"') || hasEscapes(line);
}

/** Whether the entry of a line may be selected. */
export function prefilter(selection: Selection): (line: Buffer, seq: number) => boolean {
  const { seqs, session, agent, subject } = selection;
  const texts = [session, agent, subject].filter((text) => text !== undefined).map(needleOf);
  const { from = 0, to = Infinity } = seqs ?? {};
  return (line, seq) =>
    seq >= from && seq <= to && (texts.every((text) => line.includes(text)) || hasEscapes(line));
}

/** The bytes of a text as JSON has it; up to what can be spelled in several ways without \u. */
function needleOf(text: string): Buffer {
  const end = text.search(/["\\/]|\p{Cc}/u);
  return Buffer.from(end < 0 ? text : text.slice(0, end));
}

/** Any character can be written as \u and four digits. */
function hasEscapes(line: Buffer): boolean {
  return line.includes("\\u");
}
