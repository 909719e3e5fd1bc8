import { SteleError } from "@stele/core/error";
import { isSignedBy, type Primitives, type Signer } from "@stele/core/key";

/**
 * A signer that is not ours: each signature is checked before it is used, since a wrong one would
 * seal nothing, and be found by the next verification only. Rejects with SIGNER_FAILED.
 */
export function checkedSigner(primitives: Primitives, signer: Signer): Signer {
  const { key } = signer;
  const sign = async (message: Uint8Array): Promise<Uint8Array> => {
    const signature = await signer.sign(message);
    if (isSignedBy(primitives, key, message, signature)) return signature;
    const text = `the signer's answer is no signature by ${key.name}+${key.keyId}`;
    throw new SteleError("SIGNER_FAILED", text);
  };
  return { key, sign };
}
