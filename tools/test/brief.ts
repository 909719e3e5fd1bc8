import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";

/** A reporter: a dot for each test that passes; a failure at once and whole, with its place. */
export async function* brief(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type === "test:pass" && data.details.type !== "suite") {
      yield data.skip === undefined ? "." : "-";
    }
    if (type === "test:fail" && !isCausedBelow(data.details.error)) {
      const { name, file = "", line = 0, details } = data;
      yield `\n✖ ${name}\n  ${file}:${line}\n  ${inspect(details.error.cause ?? details.error)}\n`;
    }
  }
  yield "\n";
}

/** A suite fails with its tests, which have been reported. */
function isCausedBelow(error: Error): boolean {
  return "failureType" in error && error.failureType === "subtestsFailed";
}
