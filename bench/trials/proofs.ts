import crypto from "node:crypto";
import { checkEntryProof, parseEntryProof } from "@stele/core/evidence";
import { parseVerifierKey, type Primitives } from "@stele/core/key";
import { openReader } from "@stele/journal";
import { nodeEd25519, nodeHasher } from "@stele/store/node";
import type { ProofCosts, Quantiles } from "../evidence.ts";
import { percentile } from "../statistics.ts";
import { answer, trialSpec } from "./answer.ts";

/** Proofs of each trial, over the whole journal in a fixed order that jumps about. */
const COUNT = 1000;
const STEP = 7919;

const { dir, entries } = trialSpec() as { readonly dir: string; readonly entries: number };
answer(await measure());

async function measure(): Promise<ProofCosts> {
  const primitives: Primitives = { ...nodeHasher, ...nodeEd25519 };
  const reader = await openReader(dir);
  const key = parseVerifierKey(primitives, reader.publicKey);
  const proofs: Buffer[] = [];
  const proving = await timeEach(async (at) => {
    proofs[at] = Buffer.from(await reader.prove((at * STEP) % entries));
  });
  const checking = await timeEach((at) => {
    const { proven } = checkEntryProof(primitives, { key }, parseEntryProof(proofs[at]!));
    if (!proven) throw new Error(`proof ${at} does not hold`);
  });
  const floorUs = await floor();
  return { prove: { ...proving, floorUs }, check: { ...checking, floorUs } };
}

async function timeEach(
  step: (at: number) => Promise<void> | void,
): Promise<Omit<Quantiles, "floorUs">> {
  const samples = new Float64Array(COUNT);
  for (let at = 0; at < COUNT; at++) {
    const startMs = performance.now();
    await step(at);
    samples[at] = 1000 * (performance.now() - startMs);
  }
  samples.sort();
  return { p50Us: percentile(samples, 0.5), p99Us: percentile(samples, 0.99) };
}

/** One leaf, as many nodes as the path has, one signature checked: the p50 of as many times. */
async function floor(): Promise<number> {
  const leaf = Buffer.alloc(400);
  const node = Buffer.alloc(65);
  const note = Buffer.alloc(100);
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519");
  const signature = crypto.sign(null, note, privateKey);
  const { p50Us } = await timeEach(() => {
    crypto.hash("sha256", leaf, "hex");
    for (let level = 1; level < entries; level *= 2) crypto.hash("sha256", node, "hex");
    crypto.verify(null, note, publicKey, signature);
  });
  return p50Us;
}
