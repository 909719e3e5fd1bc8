import type { ErrorCode } from "@stele/core/error";

/** Why a simulated call fails; the disk adds which call it was. */
export class Refusal extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
