import crypto from "node:crypto";
import os from "node:os";
import { fileSystem } from "./scratch.ts";

/** What a reader must know about the machine to judge the figures. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  readonly fileSystem: string;
  readonly loadAverage: number;
  readonly sha256MBps: number;
}

/**
 * Describes this machine; the load is that of the last minute before the run, SHA-256 takes a
 * quarter of a second.
 */
export function describeMachine(scratch: string): Machine {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? "unknown",
    cores: os.availableParallelism(),
    kernel: `${os.type()} ${os.release()}`,
    node: process.version,
    fileSystem: fileSystem(scratch),
    loadAverage: os.loadavg()[0] ?? NaN,
    sha256MBps: Math.round(sha256MBps()),
  };
}

/** node:crypto on one core in blocks of 16 KiB, as `openssl speed` does; MB are 10^6 bytes. */
function sha256MBps(): number {
  const block = new Uint8Array(16_384);
  const startMs = performance.now();
  let blocks = 0;
  let elapsedMs = 0;
  for (; elapsedMs < 250; elapsedMs = performance.now() - startMs) {
    for (let i = 0; i < 100; i++) crypto.hash("sha256", block);
    blocks += 100;
  }
  return (blocks * block.length) / 1000 / elapsedMs;
}
