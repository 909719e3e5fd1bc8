import { fromHex, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { text, usage, type Call } from "./arguments.ts";
import type { Command } from "./command.ts";
import { readInput } from "./input-file.ts";

// The keys of other systems' files, as options.

/** The options that give the secret of a keyed log, and the public key of who signed. */
export const KEY_OPTIONS = {
  "key-utf8": { type: "string" },
  "key-hex": { type: "string" },
  "key-file": { type: "string" },
  "public-key": { type: "string" },
} as const;

const SECRETS = ["key-utf8", "key-hex", "key-file"] as const;

/** The secret; undefined when none was given. Throws OPTION_INVALID, KEY_MALFORMED, DISK_ codes. */
export async function readSecretKey(command: Command, call: Call): Promise<Uint8Array | undefined> {
  const given = SECRETS.filter((option) => text(call, option) !== undefined);
  if (given.length > 1) throw usage(command, `--${given[0]} and --${given[1]} exclude each other`);
  const plain = text(call, "key-utf8");
  const path = text(call, "key-file");
  if (given.length === 0) return undefined;
  const typed = plain === undefined ? hex(command, call, "key-hex") : utf8(plain);
  const key = path === undefined ? typed : await readInput(path);
  if (key?.length) return key;
  throw new SteleError("KEY_MALFORMED", "an empty key");
}

/** Who signed: 32 bytes; undefined when it was not given. Throws OPTION_INVALID. */
export function readPublicKey(command: Command, call: Call): Uint8Array | undefined {
  const key = hex(command, call, "public-key");
  if (key === undefined || key.length === 32) return key;
  throw usage(command, "--public-key takes 32 bytes");
}

function hex(command: Command, call: Call, name: string): Uint8Array | undefined {
  const digits = text(call, name);
  if (digits === undefined) return undefined;
  const bytes = fromHex(digits.toLowerCase());
  if (bytes) return bytes;
  throw usage(command, `--${name} takes an even number of hex digits`);
}
