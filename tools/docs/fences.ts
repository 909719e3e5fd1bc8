/** A fenced block of a document. */
export interface Fence {
  /** What stands behind the opening backticks: the language, then what it asks for. */
  readonly info: string;
  /** 1-based line of the first line inside. */
  readonly line: number;
  readonly text: string;
}

/** The fenced blocks of a Markdown text, in order. */
export function fencesIn(markdown: string): Fence[] {
  return [...markdown.matchAll(/^```(\w[^\n]*)\n(.*?)^```$/gms)].map((match) => ({
    info: match[1] ?? "",
    line: markdown.slice(0, match.index).split("\n").length + 1,
    text: match[2] ?? "",
  }));
}
