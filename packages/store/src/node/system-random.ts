import { randomBytes } from "node:crypto";
import type { Random } from "../disk.ts";

/** The machine's cryptographically strong randomness. */
export const systemRandom: Random = {
  bytes: (count) => new Uint8Array(randomBytes(count)),
};
