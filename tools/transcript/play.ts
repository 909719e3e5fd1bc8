import { matchLines } from "./match.ts";
import { commandOf, formatTranscript, parseTranscript, type Step } from "./parse.ts";
import type { Session } from "./session.ts";

/**
 * Runs the commands of a transcript and returns it as it went this time: the same text when every
 * command printed what it says, with lines that a placeholder covers as they are.
 */
export function playTranscript(text: string, session: Session): string {
  const { title, steps } = parseTranscript(text);
  return formatTranscript({ title, steps: steps.map((step) => playStep(step, session)) });
}

function playStep(step: Step, session: Session): Step {
  const { lines, status } = session.run(commandOf(step));
  const actual = status === 0 ? lines : [...lines, `[exit ${status}]`];
  return { ...step, output: matchLines(step.output, actual) };
}
