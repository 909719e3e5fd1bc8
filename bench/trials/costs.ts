import crypto from "node:crypto";
import { benchEvent } from "../event.ts";
import { median } from "../statistics.ts";
import { answer } from "./answer.ts";

/**
 * Microseconds for each step that a durable sealed entry cannot do without, in tight loops on one
 * core.
 */
export interface Costs {
  readonly makeEvent: number;
  readonly stringify: number;
  readonly encode: number;
  readonly leafHash: number;
  readonly nodeHash: number;
  readonly sign: number;
  readonly checkSignature: number;
  readonly awaitPromise: number;
}

const ROUNDS = 7;
const ROUND_MS = 40;

const PREV = "0".repeat(64);
const TIME = "2026-11-20T23:35:32.768Z";
const NODE = new Uint8Array(65).fill(1);
const NOTE = Buffer.from(`bench.example/stele\n123456\n${"0".repeat(44)}\n`);

/** Keeps results alive, so that no loop is optimised away. */
let sink: unknown;

answer(await measureCosts());

async function measureCosts(): Promise<Costs> {
  const event = JSON.stringify(benchEvent(123_456));
  const leafText = `{"seq":123456,"prev":"${PREV}","time":"${TIME}","event":${event}}`;
  const leaf = Buffer.from(`\0${leafText}`);
  const buffer = Buffer.alloc(1024);
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519");
  const signature = crypto.sign(null, NOTE, privateKey);
  let index = 0;
  return {
    makeEvent: time(() => benchEvent(index++)),
    stringify: time(() => JSON.stringify(benchEvent(index++))) - time(() => benchEvent(index++)),
    encode: time(() => buffer.write(`${leafText}${index++}`, 0, "latin1")),
    leafHash: time(() => crypto.hash("sha256", leaf, "hex")),
    nodeHash: time(() => crypto.hash("sha256", NODE, "hex")),
    sign: time(() => crypto.sign(null, NOTE, privateKey)),
    checkSignature: time(() => crypto.verify(null, NOTE, publicKey, signature)),
    awaitPromise: await timeAwaits(),
  };
}

function time(step: () => unknown): number {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => timeRound(step));
  return median(rounds.slice(1));
}

function timeRound(step: () => unknown): number {
  const startMs = performance.now();
  let steps = 0;
  let elapsedMs = 0;
  for (; elapsedMs < ROUND_MS; elapsedMs = performance.now() - startMs) {
    for (let i = 0; i < 50; i++) sink = step();
    steps += 50;
  }
  return (elapsedMs / steps) * 1000;
}

/**
 * One caller that awaits a promise which somebody else resolves: what `append` costs before it does
 * anything.
 */
async function timeAwaits(): Promise<number> {
  const count = 200_000;
  const startMs = performance.now();
  for (let i = 0; i < count; i++) await new Promise<unknown>((resolve) => resolve(sink));
  return ((performance.now() - startMs) / count) * 1000;
}
