import { createHash, hash } from "node:crypto";
import fs from "node:fs";
import { createInterface } from "node:readline";
import { calybris, checkOrigin } from "@stele/import";
import { nodeEd25519, nodeHasher } from "@stele/store/node";
import { answer, trialSpec } from "./answer.ts";

/**
 * `by hand`: what a program of ten lines does, which parses and prints each record again. `floor`:
 * the hash of each record's bytes, with nothing read out of them.
 */
export type ImportMethod = "stele" | "stele, keyed" | "by hand" | "floor";

export interface ImportSpec {
  readonly method: ImportMethod;
  readonly file: string;
  readonly key: string;
  readonly records: number;
}

const spec = trialSpec() as ImportSpec;
const startMs = performance.now();
const records = await check(spec);
if (records !== spec.records) throw new Error(`${records} records instead of ${spec.records}`);
answer((performance.now() - startMs) / 1000);

async function check({ method, file, key }: ImportSpec): Promise<number> {
  if (method === "floor") return hashLines(file);
  if (method === "by hand") return checkByHand(file);
  const report = await checkOrigin(
    calybris,
    fs.createReadStream(file, { highWaterMark: 1 << 20 }),
    {
      primitives: { ...nodeHasher, ...nodeEd25519 },
      key: method === "stele, keyed" ? Buffer.from(key) : undefined,
    },
  );
  if (report.verdict !== "intact") throw new Error(`the log is ${report.verdict}`);
  return report.entries;
}

async function checkByHand(file: string): Promise<number> {
  let count = 0;
  let previous = "genesis";
  for await (const line of createInterface({ input: fs.createReadStream(file) })) {
    const { previous_hash, entry_hash, data } = JSON.parse(line) as Record<string, string>;
    const found = createHash("sha256")
      .update(previous + JSON.stringify(data))
      .digest("hex");
    if (previous_hash !== previous || entry_hash !== found) throw new Error("the log is broken");
    previous = entry_hash;
    count++;
  }
  return count;
}

/** Lines cross chunks now and then; those are hashed in two pieces, which costs the same. */
function hashLines(file: string): number {
  const fd = fs.openSync(file, "r");
  const chunk = Buffer.allocUnsafe(1 << 20);
  let count = 0;
  for (;;) {
    const length = fs.readSync(fd, chunk);
    if (length === 0) return count;
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0 && at < length; at = chunk.indexOf(10, from)) {
      hash("sha256", chunk.subarray(from, at), "hex");
      from = at + 1;
      count++;
    }
    hash("sha256", chunk.subarray(from, length), "hex");
  }
}
