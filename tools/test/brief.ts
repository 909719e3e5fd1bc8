import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";
import { isCausedBelow } from "./tally.ts";

/** How much of what a process said is shown when the process itself fails. */
const LAST_WORDS_MAX_CHARACTERS = 10_000;

/** A reporter: a dot for each test that passes; a failure at once and whole, with its place. */
export async function* brief(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const said = new Map<string, string>();
  for await (const { type, data } of events) {
    if (type === "test:stdout" || type === "test:stderr") {
      const text = (said.get(data.file) ?? "") + data.message;
      said.set(data.file, text.slice(-LAST_WORDS_MAX_CHARACTERS));
    }
    if (type === "test:pass" && data.details.type !== "suite") {
      yield data.skip === undefined ? "." : "-";
    }
    if (type === "test:fail" && !isCausedBelow(data.details.error)) {
      const { name, file = "", line = 0, details } = data;
      // A file that fails as a whole ended badly, beside its tests: only its output says why.
      const why = name === file ? ending(details.error, said.get(file)) : cause(details.error);
      yield `\n✖ ${name}\n  ${file}:${line}\n  ${why}\n`;
    }
  }
  yield "\n";
}

function ending(error: Error, said = ""): string {
  return `${inspect(error, { depth: 0 })}\n${said}`;
}

/** A failed assertion's message has what its properties repeat; others have causes and codes. */
function cause(failure: Error): string {
  const error = failure.cause ?? failure;
  const stack = error instanceof Error && "generatedMessage" in error ? error.stack : undefined;
  return stack ?? inspect(error, { depth: 1 });
}
