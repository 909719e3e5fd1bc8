import crypto from "node:crypto";
import fs from "node:fs";
import { openReader } from "@stele/journal";
import type { PublishTimes } from "../evidence.ts";
import { answer, trialSpec } from "./answer.ts";

interface PublishSpec {
  readonly dir: string;
  readonly out: string;
  readonly files: readonly string[];
}

const { dir, out, files } = trialSpec() as PublishSpec;
answer(await measure());

async function measure(): Promise<PublishTimes> {
  const reader = await openReader(dir);
  const hashMs = await time(async () => hashLines());
  const publishMs = await time(() => reader.publish(out));
  const againMs = await time(() => reader.publish(out));
  return { publishMs, hashMs, againMs };
}

async function time(step: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await step();
  return performance.now() - startMs;
}

/** Hashes each line once: what publishing cannot do without. */
function hashLines(): void {
  for (const file of files) {
    const bytes = fs.readFileSync(file);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      crypto.hash("sha256", bytes.subarray(start, end), "hex");
      start = end + 1;
    }
  }
}
