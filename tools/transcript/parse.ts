/** One command of a transcript, as a terminal shows it. */
export interface Step {
  /** The lines with the prompts `$ ` and, where the command goes on, `> `. */
  readonly prompt: readonly string[];
  /** What it prints, standard output and standard error together, then `[exit N]` unless N is 0. */
  readonly output: readonly string[];
  /** Blank lines and lines that begin with `# ` in front of the next command. */
  readonly remarks: readonly string[];
}

/** A transcript: remarks, then commands with their output. */
export interface Transcript {
  readonly title: readonly string[];
  readonly steps: readonly Step[];
}

/** Reads a transcript (tools/transcript/README.md); total: every text is one. */
export function parseTranscript(text: string): Transcript {
  const blocks: string[][] = [[]];
  for (const line of text.split("\n")) {
    if (line.startsWith("$ ")) blocks.push([]);
    blocks.at(-1)?.push(line);
  }
  const [title = [], ...steps] = blocks;
  return { title, steps: steps.map(parseStep) };
}

/** The text that `parseTranscript` read. */
export function formatTranscript({ title, steps }: Transcript): string {
  const lines = steps.flatMap(({ prompt, output, remarks }) => [...prompt, ...output, ...remarks]);
  return [...title, ...lines].join("\n");
}

/** The shell source of a step. */
export function commandOf({ prompt }: Step): string {
  return prompt.map((line) => line.slice(2)).join("\n");
}

function parseStep(lines: readonly string[]): Step {
  const outputStart = lines.findIndex((line, index) => index > 0 && !/^>(?: |$)/.test(line));
  const start = outputStart === -1 ? lines.length : outputStart;
  const last = lines.findLastIndex((line) => line !== "" && !line.startsWith("# "));
  const end = Math.max(start, last + 1);
  return {
    prompt: lines.slice(0, start),
    output: lines.slice(start, end),
    remarks: lines.slice(end),
  };
}
