import type { Contender } from "./contender.ts";

/** A contender as the harness knows it before, and without, loading its code. */
interface Entry {
  /** What is true once `append` has resolved, in a few words for the report. */
  readonly promise: string;
  /** Loaded in the trial's process only, so that no contender pays for another's code. */
  load(): Promise<Contender>;
}

export const CONTENDERS = {
  stele: {
    promise: "synced; chain, tree and seal",
    load: () => import("./stele.ts").then((module) => module.stele),
  },
  bare: {
    promise: "as stele; no tiles, no checkpoint",
    load: () => import("./bare.ts").then((module) => module.bare),
  },
  floor: {
    promise: "synced; no integrity",
    load: () => import("./floor.ts").then((module) => module.floor),
  },
  hypercore: {
    promise: "in the page cache; signed tree",
    load: () => import("./hypercore.ts").then((module) => module.hypercore),
  },
  sqlite: {
    promise: "synced; chain",
    load: () => import("./sqlite.ts").then((module) => module.sqlite),
  },
  pino: {
    promise: "in pino's buffer; no integrity",
    load: () => import("./pino.ts").then((module) => module.pinoFile),
  },
  jsonl: {
    promise: "synced; chain",
    load: () => import("./jsonl.ts").then((module) => module.jsonl),
  },
} as const satisfies Record<string, Entry>;

export type ContenderName = keyof typeof CONTENDERS;
