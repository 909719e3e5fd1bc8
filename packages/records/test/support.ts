import assert from "node:assert/strict";
import { SteleError } from "@stele/core/error";

/** A digest of nothing in particular. */
export const DIGEST: string = "ab".repeat(32);

/** What the error must say, after its code. */
export function refusal(message: string | RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof SteleError, String(error));
    assert.equal(error.code, "RECORD_INVALID");
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  };
}
