import { Worker } from "node:worker_threads";

// The same files unbuilt and built.
const isBuilt = import.meta.url.endsWith(".js");

/** Half of what V8 takes for a thread that makes much garbage, and as fast. */
const MAX_YOUNG_MB = 48;

/** Starts a thread of an index, whose code is the file of that name beside this one. */
export function startThread(name: "index-thread" | "source-thread", workerData: unknown): Worker {
  return new Worker(new URL(`./${name}.${isBuilt ? "js" : "ts"}`, import.meta.url), {
    name: `stele-${name}`,
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MB },
    // Not the options of the process, which may not suit a thread.
    // Node 22 would warn our users that node:sqlite is experimental.
    execArgv: [
      "--disable-warning=ExperimentalWarning",
      ...(isBuilt ? [] : ["--conditions=@stele/source"]),
    ],
  });
}
