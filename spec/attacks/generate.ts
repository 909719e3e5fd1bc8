import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { filesOf, type AttackCase } from "./generate/case.ts";
import { byteCases } from "./generate/bytes.ts";
import { caseList } from "./generate/case-list.ts";
import { checkpointCases } from "./generate/checkpoints.ts";
import { contentCases } from "./generate/contents.ts";
import { erasureCases } from "./generate/erasures.ts";
import { endCases } from "./generate/ends.ts";
import { entryCases } from "./generate/entries.ts";
import { epochCases } from "./generate/epochs.ts";
import { goodCases } from "./generate/good.ts";
import { historyCases } from "./generate/histories.ts";
import { prunedCases } from "./generate/pruned.ts";
import { prunedAgentCases } from "./generate/pruned-agents.ts";
import { recoveryKeyCases } from "./generate/recovery-keys.ts";
import { sealCases } from "./generate/seals.ts";
import { secretCases } from "./generate/secrets.ts";
import { segmentCases } from "./generate/segments.ts";
import { signatureCases } from "./generate/signatures.ts";
import { strangerCases } from "./generate/strangers.ts";
import { tileCases } from "./generate/tiles.ts";
import { witnessCases } from "./generate/witnesses.ts";

// node spec/attacks/generate.ts          writes the corpus
// node spec/attacks/generate.ts --check  names the files that it would write differently, and those
//                                        that it would not write at all; exits with 1

const GROUPS: Readonly<Record<string, () => readonly AttackCase[]>> = {
  "Sound journals": goodCases,
  "Entries removed from the end": endCases,
  "Two histories": historyCases,
  Entries: entryCases,
  Seals: sealCases,
  "Keys of the attacker's": strangerCases,
  Epochs: epochCases,
  "The recovery key": recoveryKeyCases,
  Segments: segmentCases,
  "Bytes, `head` and the manifest": byteCases,
  "The journal's own checkpoint": checkpointCases,
  Witnesses: witnessCases,
  Contents: contentCases,
  "Erased contents": erasureCases,
  "What agents signed": signatureCases,
  Tiles: tileCases,
  Secrets: secretCases,
  "Dropped segments": prunedCases,
  "What agents signed, and dropped segments": prunedAgentCases,
};

const groups = Object.entries(GROUPS).map(([title, cases]) => ({ title, cases: cases() }));
const files = new Map<string, string | Buffer>([["cases.md", caseList(groups)]]);
for (const attack of groups.flatMap(({ cases }) => cases)) {
  if (files.has(`${attack.name}/case.json`)) throw new Error(`${attack.name} comes twice`);
  for (const [path, bytes] of Object.entries(filesOf(attack))) {
    files.set(`${attack.name}/${path}`, bytes);
  }
}

const there = globSync("**/*", { cwd: import.meta.dirname, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(import.meta.dirname.length + 1))
  .filter((path) => path !== "README.md" && !path.endsWith(".ts"));
const extra = there.filter((path) => !files.has(path));

if (process.argv.includes("--check")) check();
else write();

function check(): void {
  const present = new Set(there);
  const wrong = [...files].filter(
    ([path, bytes]) =>
      !present.has(path) ||
      !readFileSync(join(import.meta.dirname, path)).equals(Buffer.from(bytes)),
  );
  for (const path of [...wrong.map(([name]) => name), ...extra]) {
    console.log(`${path} is not what spec/attacks/generate.ts writes`);
    process.exitCode = 1;
  }
}

function write(): void {
  for (const path of extra) rmSync(join(import.meta.dirname, path));
  for (const [name, bytes] of files) {
    const path = join(import.meta.dirname, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}
