import { benchAppend } from "./append.ts";
import { benchProofs, benchPublish } from "./evidence.ts";
import { describeMachine } from "./machine.ts";
import { benchOpen } from "./open.ts";
import { readOptions, type Options } from "./options.ts";
import { runTrial } from "./process.ts";
import { renderReport } from "./report.ts";
import { keepResults, writeJson } from "./results.ts";
import type { Run } from "./figures.ts";
import { benchImport } from "./import.ts";
import { benchIndex } from "./index.ts";
import { makeScratch } from "./scratch.ts";
import type { GuardResult, GuardSpec } from "./trials/guard.ts";
import type { Costs } from "./trials/costs.ts";
import { benchVerify } from "./verify.ts";

const GUARDED: GuardSpec = { checks: 200_000, history: 20_000 };

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 2;
}

async function main(options: Options): Promise<void> {
  const scratch = makeScratch();
  // The journals' keys must not land in the user's own directory.
  process.env["XDG_CONFIG_HOME"] = scratch;
  const run = await measure(scratch, options);
  console.log(renderReport(run));
  if (options.out !== undefined) writeJson(options.out, run);
  else if (options.full) keepResults(run);
  if (run.append.some((row) => row.failures > 0)) process.exitCode = 1;
}

async function measure(scratch: string, options: Options): Promise<Run> {
  const { parts, measureMs, rounds } = options;
  return {
    date: new Date().toISOString(),
    machine: describeMachine(scratch),
    measureMs,
    rounds,
    costs: await runTrial<Costs>("costs", {}),
    verify: parts.includes("verify") ? await benchVerify(scratch, options) : [],
    open: parts.includes("open") ? await benchOpen(scratch, options) : [],
    proofs: parts.includes("proofs") ? await benchProofs(scratch, options) : [],
    publish: parts.includes("publish") ? await benchPublish(scratch, options) : [],
    index: parts.includes("index") ? await benchIndex(scratch, options) : [],
    guard: parts.includes("guard") ? [await runTrial<GuardResult>("guard", GUARDED)] : [],
    import: parts.includes("import") ? await benchImport(scratch, options) : [],
    append: parts.includes("append") ? await benchAppend(scratch, options) : [],
  };
}
