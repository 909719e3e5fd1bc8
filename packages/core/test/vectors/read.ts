import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SteleError, type ErrorCode } from "@stele/core/error";

const SPEC = join(import.meta.dirname, "../../../../spec");

/** A file under spec/. */
export function readSpec(path: string): string {
  return readFileSync(join(SPEC, path), "utf8");
}

/** A file of vectors: what its description says. */
export function readVectors(name: string): unknown {
  return JSON.parse(readSpec(`vectors/${name}`));
}

/** The SteleError that the call throws. */
export function refusal(call: () => unknown, what: string): SteleError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof SteleError, `${what}: ${String(error)}`);
    return error;
  }
  return assert.fail(`accepted: ${what}`);
}

/** Asserts that the call throws a SteleError with this code. */
export function refuses(code: ErrorCode, call: () => unknown, what: string): void {
  assert.equal(refusal(call, what).code, code, what);
}
