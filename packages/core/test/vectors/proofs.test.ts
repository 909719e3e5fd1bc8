import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "@stele/core/bytes";
import { rootBase64 } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import {
  checkEntryProof,
  checkExtension,
  ExtractChecker,
  kindOfEvidence,
  parseEntryProof,
  parseExtension,
  parseSignedCheckpoint,
  type Evidence,
  type ProvenPart,
  type Trust,
} from "@stele/core/evidence";
import { formatVerifierKey, parseVerifierKey } from "@stele/core/key";
import { primitives } from "./primitives.ts";
import { readVectors } from "./read.ts";

interface ProofCase {
  readonly name: string;
  readonly file: string;
  readonly key: string;
  readonly witnesses?: readonly string[];
  readonly old?: string;
  readonly oldKey?: string;
  readonly outcome: "proven" | "unproven" | "malformed";
  readonly parts?: readonly object[];
}

const vectors = readVectors("proofs.json") as {
  readonly entries: readonly ProofCase[];
  readonly extracts: readonly ProofCase[];
  readonly extensions: readonly ProofCase[];
};

function trustOf({ key, witnesses = [] }: ProofCase): Trust {
  return {
    key: parseVerifierKey(primitives, key),
    witnesses: witnesses.map((vkey) => parseVerifierKey(primitives, vkey, ["cosignature"])),
  };
}

function checkEntry(kase: ProofCase): Evidence {
  return checkEntryProof(primitives, trustOf(kase), parseEntryProof(utf8(kase.file)));
}

function checkExtract(kase: ProofCase): Evidence {
  const checker = new ExtractChecker(primitives, trustOf(kase));
  checker.push(utf8(kase.file));
  return checker.end();
}

function checkGrowth({ old = "", oldKey, ...kase }: ProofCase): ReturnType<typeof checkExtension> {
  const older = oldKey === undefined ? undefined : parseVerifierKey(primitives, oldKey);
  const trust = { ...trustOf(kase), oldKey: older };
  const extension = parseExtension(utf8(kase.file));
  return checkExtension(primitives, trust, parseSignedCheckpoint(utf8(old)), extension);
}

const KINDS = [
  ["entries", "entry", checkEntry],
  ["extracts", "extract", checkExtract],
  ["extensions", "extension", checkGrowth],
] as const;

for (const [group, kind, check] of KINDS) {
  for (const kase of vectors[group]) {
    test(`proofs.json, ${group}: ${kase.name}`, () => {
      const { outcome, parts = [] } = found(() => check(kase));
      assert.deepEqual({ outcome, parts }, { outcome: kase.outcome, parts: kase.parts ?? [] });
      if (outcome === "proven") assert.equal(kindOfEvidence(utf8(kase.file)), kind);
    });
  }
}

function found(check: () => Evidence | ReturnType<typeof checkExtension>): {
  readonly outcome: ProofCase["outcome"];
  readonly parts?: readonly object[];
} {
  try {
    const evidence = check();
    if (!evidence.proven) return { outcome: "unproven" };
    return { outcome: "proven", parts: "parts" in evidence ? evidence.parts.map(shown) : [] };
  } catch (error) {
    assert.ok(error instanceof SteleError, String(error));
    return { outcome: "malformed" };
  }
}

function shown({ key, root, cosignatures, ...part }: ProvenPart): object {
  return {
    ...part,
    root: rootBase64(root),
    key: formatVerifierKey(key),
    cosignatures: cosignatures.map(({ key: witness, timestamp }) => ({
      witness: formatVerifierKey(witness),
      timestamp,
    })),
  };
}
