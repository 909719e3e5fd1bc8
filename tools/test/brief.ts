import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";
import { isCausedBelow } from "./tally.ts";

/** A reporter: a dot for each test that passes; a failure at once and whole, with its place. */
export async function* brief(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type === "test:pass" && data.details.type !== "suite") {
      yield data.skip === undefined ? "." : "-";
    }
    if (type === "test:fail" && !isCausedBelow(data.details.error)) {
      const { name, file = "", line = 0, details } = data;
      const cause = inspect(details.error.cause ?? details.error, { depth: 1 });
      yield `\n✖ ${name}\n  ${file}:${line}\n  ${cause}\n`;
    }
  }
  yield "\n";
}
