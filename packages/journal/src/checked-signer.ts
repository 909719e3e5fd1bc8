import { utf8 } from "@stele/core/bytes";
import { formatCheckpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import { EMPTY_ROOT } from "@stele/core/hash";
import { isSignedBy, type Primitives, type Signer } from "@stele/core/key";

/**
 * A signer that is not ours: each signature is checked before it is used, since a wrong one would
 * seal nothing, and be found by the next verification only. Rejects with SIGNER_FAILED.
 */
export function checkedSigner(primitives: Primitives, signer: Signer): Signer {
  const { key } = signer;
  const sign = async (message: Uint8Array): Promise<Uint8Array> => {
    const signature: unknown = await signed(signer, message);
    const isBytes = signature instanceof Uint8Array;
    if (isBytes && isSignedBy(primitives, key, message, signature)) return signature;
    const text = `the signer's answer is no signature by ${key.name}+${key.keyId}`;
    throw new SteleError("SIGNER_FAILED", text);
  };
  return { key, sign };
}

/**
 * Lets a checked signer sign once, before a journal rests on it. What it signs is the checkpoint of
 * no entries, which says nothing.
 */
export async function tryOut(checked: Signer): Promise<void> {
  const empty = { origin: checked.key.name, size: 0, root: EMPTY_ROOT };
  await checked.sign(utf8(formatCheckpoint(empty)));
}

async function signed(signer: Signer, message: Uint8Array): Promise<Uint8Array> {
  try {
    return await signer.sign(message);
  } catch (cause) {
    if (cause instanceof SteleError) throw cause;
    throw new SteleError("SIGNER_FAILED", `the signer failed: ${String(cause)}`, { cause });
  }
}
