import { ZERO_HASH, type Hash } from "@stele/core/hash";

/** Each hash changed, in another form, dropped, doubled or swapped with the next; one too many. */
export function* mangledProofs(proof: readonly Hash[]): Generator<readonly string[]> {
  for (const [place, hash] of proof.entries()) {
    for (const other of [...changed(hash), ...notHashes(hash)]) yield proof.with(place, other);
    yield proof.toSpliced(place, 1);
    yield proof.toSpliced(place, 0, hash);
    const next = proof[place + 1];
    if (next !== undefined && next !== hash) yield proof.toSpliced(place, 2, next, hash);
  }
  yield [ZERO_HASH, ...proof];
  yield [...proof, ZERO_HASH];
}

/** The hash with another digit at its beginning, in its middle and at its end; and no hash's. */
export function changed(hash: Hash): Hash[] {
  const others = [0, 31, 63].map((at) => {
    const digit = hash[at] === "0" ? "1" : "0";
    return `${hash.slice(0, at)}${digit}${hash.slice(at + 1)}` as Hash;
  });
  return [...others, ZERO_HASH];
}

/** What is not 32 bytes in lower-case hex. */
export function notHashes(hash: Hash): Hash[] {
  const texts = ["", hash.slice(2), `${hash}00`, `${hash}\n`, `${hash.slice(0, 63)}g`];
  return [...texts, hash.replace(/[a-f]/, (digit) => digit.toUpperCase()), null] as Hash[];
}

/** Numbers that are neither a size nor an index. */
export const NOT_NATURAL: readonly number[] = [-1, 0.5, Number.NaN, Infinity, 2 ** 53];
