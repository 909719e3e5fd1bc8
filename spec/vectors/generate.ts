import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventVectors } from "./generate/events.ts";
import { journalCases } from "./generate/journals.ts";
import { checkpointVectors, contentVectors, headVectors, keyVectors } from "./generate/parts.ts";
import { proofVectors } from "./generate/proofs.ts";
import { segmentCases } from "./generate/segments.ts";

// node spec/vectors/generate.ts          writes the generated vectors
// node spec/vectors/generate.ts --check  names those that it would write differently; exits with 1

const VECTORS: Readonly<Record<string, () => object>> = {
  "checkpoints.json": checkpointVectors,
  "contents.json": contentVectors,
  "events.json": eventVectors,
  "heads.json": headVectors,
  "journals.json": journalCases,
  "keys.json": keyVectors,
  "proofs.json": proofVectors,
  "segments.json": segmentCases,
};

const checkOnly = process.argv.includes("--check");
for (const [name, generate] of Object.entries(VECTORS)) {
  const path = join(import.meta.dirname, name);
  const text = `${JSON.stringify(generate(), undefined, 1)}\n`;
  if (!checkOnly) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.log(`${name} is not what spec/vectors/generate.ts writes`);
    process.exitCode = 1;
  }
}
