import { importsIn, isReference, placesIn, type Place } from "./syntax.ts";
import { lineOf, type Finding, type RepositoryFile } from "./repository.ts";

/** Where the world is let in: what implements Disk, Clock, Random and the primitives on Node. */
const DOOR = /^packages\/store\/src\/node(?:\.ts$|\/)/;

const CLOCK = "take a Clock";
const DISK = "take a Disk";
const RANDOM = "take a Random";

const MODULES: Readonly<Record<string, string>> = {
  "node:fs": DISK,
  "node:fs/promises": DISK,
  "node:timers": CLOCK,
  "node:timers/promises": CLOCK,
  "node:perf_hooks": CLOCK,
};

const GLOBALS: Readonly<Record<string, string>> = {
  setTimeout: CLOCK,
  setInterval: CLOCK,
  setImmediate: CLOCK,
  performance: CLOCK,
};

/** Besides those above: core runs anywhere, and its results depend on its arguments alone. */
const CORE_GLOBALS: Readonly<Record<string, string>> = {
  ...GLOBALS,
  Date: "take the time as text or milliseconds",
  process: "take what you need as a parameter",
  globalThis: "take what you need as a parameter",
  Buffer: "use Uint8Array",
  crypto: "take a Hasher, or Primitives",
  console: "return the value",
  queueMicrotask: "stay synchronous",
};

/** Disk, time and randomness are passed in: core, store and journal touch them at the doors only. */
export function* doors(files: readonly RepositoryFile[]): Generator<Finding> {
  for (const file of files) {
    const [, name] = /^packages\/(core|store|journal)\/src\//.exec(file.path) ?? [];
    if (name === undefined || file.program === undefined || DOOR.test(file.path)) continue;
    const globals = name === "core" ? CORE_GLOBALS : GLOBALS;
    for (const { specifier, offset } of importsIn(file.program)) {
      const instead = MODULES[specifier];
      if (instead !== undefined) yield finding(file, offset, specifier, instead);
    }
    for (const place of placesIn(file.program)) {
      const [what, instead] = use(place, globals) ?? [];
      if (what === undefined || instead === undefined) continue;
      yield finding(file, place.node.start, what, instead);
    }
  }
}

function finding(file: RepositoryFile, offset: number, what: string, instead: string): Finding {
  return { path: file.path, line: lineOf(file, offset), message: `${what} is banned: ${instead}` };
}

type Use = readonly [what: string, instead: string];

function use(place: Place, globals: Readonly<Record<string, string>>): Use | undefined {
  const { node } = place;
  if (node.type === "Identifier" && isReference(place)) {
    const instead = Object.hasOwn(globals, node.name) ? globals[node.name] : undefined;
    return instead === undefined ? undefined : [node.name, instead];
  }
  if (isMember(place, "Math", "random")) return ["Math.random", RANDOM];
  if (isMember(place, "Date", "now")) return ["Date.now", CLOCK];
  if (isDateOfNow(place)) return ["Date without an argument", CLOCK];
  return undefined;
}

function isMember({ node }: Place, object: string, property: string): boolean {
  if (node.type !== "MemberExpression") return false;
  if (node.object.type !== "Identifier" || node.object.name !== object) return false;
  return node.property.type === "Identifier" && node.property.name === property;
}

function isDateOfNow({ node }: Place): boolean {
  if (node.type !== "NewExpression" && node.type !== "CallExpression") return false;
  if (node.callee.type !== "Identifier" || node.callee.name !== "Date") return false;
  return node.type === "CallExpression" || node.arguments.length === 0;
}
