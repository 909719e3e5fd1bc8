import { spawn } from "node:child_process";
import { SteleError } from "@stele/core/error";
import type { Signer, VerifierKey } from "@stele/core/key";
import type { World } from "@stele/store";
import { checkedSigner } from "./checked-signer.ts";

/** A command that has not signed by then is stopped. */
const TIMEOUT_MS = 10_000;
/** More output than any signature is no signature. */
const MAX_OUTPUT_BYTES = 4096;

/**
 * A signer behind a shell command, for keys in other processes, hardware and key services: it gets
 * the bytes to sign on standard input and answers with the signature, 64 raw bytes, on standard
 * output, status 0, within 10 seconds. One process a commit; what it leaves running is stopped.
 * Rejects with SIGNER_FAILED.
 */
export function commandSigner(world: World, key: VerifierKey, command: string): Signer {
  return checkedSigner(world.primitives, { key, sign: (message) => run(command, message) });
}

function run(command: string, message: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const limits = { timeout: TIMEOUT_MS, killSignal: "SIGKILL" } as const;
  // A process group of its own, so that what the shell has started can be stopped with it.
  const child = spawn(command, { shell: true, detached: true, ...limits });
  const output: Buffer[] = [];
  let errors = "";
  child.stdout.on("data", (bytes: Buffer) => {
    output.push(bytes);
    const sizeBytes = output.reduce((sum, { length }) => sum + length, 0);
    if (sizeBytes > MAX_OUTPUT_BYTES) child.kill("SIGKILL");
  });
  child.stderr.on("data", (bytes: Buffer) => {
    errors = (errors + bytes.toString("utf8")).slice(-300);
  });
  // A command that signs without reading all of it has its reasons.
  child.stdin.on("error", () => undefined);
  child.on("error", (cause) => reject(failed(cause.message, cause)));
  // What outlives the shell may hold the output open, and "close" would wait for it.
  child.on("exit", () => stopGroup(child.pid!));
  child.on("close", (status, signal) => {
    if (status === 0) return resolve(Buffer.concat(output));
    const how = signal === null ? `status ${status}` : `signal ${signal}`;
    return reject(failed(`it ended with ${how}${errors && `: ${errors.trim()}`}`));
  });
  child.stdin.end(message);
  return promise;
}

function stopGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Nothing is left of it.
  }
}

function failed(reason: string, cause?: unknown): SteleError {
  return new SteleError("SIGNER_FAILED", `the command in STELE_SIGNER: ${reason}`, { cause });
}
