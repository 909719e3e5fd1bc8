import { createHook, type AsyncHook } from "node:async_hooks";
import { isMainThread } from "node:worker_threads";

// Loaded into every process of the tests. The runner follows each promise, so that it can name the
// test to which an error belongs that nobody awaits. In tests of many small steps that takes as
// long as the steps. So it follows none here, and such an error ends the process, which then fails
// with the error's stack.

/** A hook, by the marks that say how it was made. */
type Marked = AsyncHook & Record<symbol, unknown>;

const without = createHook({ trackPromises: false }) as Marked;
const mark = Object.getOwnPropertySymbols(without).find((symbol) => without[symbol] === true);
const { prototype } = without.constructor as { prototype: AsyncHook };
const enable = Reflect.get(prototype, "enable");
prototype.enable = function enableWithout(this: Marked): AsyncHook {
  if (mark !== undefined) this[mark] = true;
  return enable.call(this);
};

function end(why: string, error: unknown): never {
  console.error(`${why}:`, error);
  process.exit(1);
}

if (isMainThread) {
  process.prependListener("uncaughtException", (error) => end("uncaughtException", error));
  process.prependListener("unhandledRejection", (error) => end("unhandledRejection", error));
}
