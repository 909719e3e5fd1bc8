import { formatAddCheckpoint } from "@stele/core/add-checkpoint";
import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { parseSize } from "@stele/core/checkpoint";
import { verifyCosignatures } from "@stele/core/cosignature";
import type { Hash } from "@stele/core/hash";
import type { Primitives, VerifierKey } from "@stele/core/key";
import { formatSignatureLine, parseNote } from "@stele/core/note";
import { SIZE_TYPE } from "./answer.ts";
import { post, type Posted } from "./post.ts";

/** What a witness is to sign. */
export interface Question {
  /** The log's signed note, its text, and the size of its tree. */
  readonly checkpoint: string;
  readonly text: string;
  readonly size: number;
  /** The largest size that this client has asked about. */
  readonly largestSize: number;
  /** The consistency proof from a tree of that size, 1 or more and below `size`. */
  readonly prove: (oldSize: number) => Promise<readonly Hash[]>;
}

/** Where to ask, and whose signature to take. */
export interface Asked {
  readonly url: string;
  readonly key: VerifierKey;
  /** The size that the witness is thought to know; 0 for none. Kept up to date. */
  knownSize: number;
}

/** How long to wait: for an answer, and for all of them. */
export interface Patience {
  readonly requestTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Why a witness did not sign. */
export class NotSigned extends Error {
  override readonly name = "NotSigned";
  /** The larger size that it says it knows. */
  readonly ahead: number | undefined;

  constructor(reason: string, ahead?: number) {
    super(reason);
    this.ahead = ahead;
  }
}

/** Far more than the signature lines of one witness. */
const MAX_ANSWER_BYTES = 16_384;
/** A witness may say what it knows, and may have moved on meanwhile. */
const MAX_TRIES = 3;

/**
 * Asks one witness to sign, and returns its signature line, which has been verified (C2SP
 * tlog-witness). Rejects with NotSigned, or with the error of `prove` or of the network.
 */
export async function ask(
  primitives: Primitives,
  witness: Asked,
  question: Question,
  patience: Patience,
): Promise<string> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const answer = await send(witness, question, patience);
    if (answer.status === 200) {
      const line = signatureIn(primitives, witness.key, question.text, answer.body);
      witness.knownSize = question.size;
      return line;
    }
    witness.knownSize = knownSizeIn(answer, witness.knownSize, question);
  }
  throw new NotSigned(`it said ${MAX_TRIES} times that it knows another size`);
}

async function send(
  witness: Asked,
  { checkpoint, size, prove }: Question,
  { requestTimeoutMs, signal }: Patience,
): Promise<Posted> {
  const oldSize = Math.min(witness.knownSize, size);
  const isProofDue = oldSize > 0 && oldSize < size;
  const proof = isProofDue ? await orAborted(signal, async () => prove(oldSize)) : [];
  const body = formatAddCheckpoint({ oldSize, proof, checkpoint });
  const timely = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
  return post(witness.url, body, { signal: timely, maxBytes: MAX_ANSWER_BYTES });
}

/** What the work comes to, or the signal's reason as soon as it aborts. */
async function orAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([work(), aborted.promise]).finally(() =>
    signal.removeEventListener("abort", abort),
  );
}

/** The witness's own line in its answer. Throws NotSigned when there is none or one is wrong. */
function signatureIn(
  primitives: Primitives,
  key: VerifierKey,
  text: string,
  untrusted: Uint8Array,
): string {
  try {
    const { text: signed, signatures } = parseNote(Buffer.concat([utf8(`${text}\n`), untrusted]));
    // The answer may not add to the text that is signed.
    const lines = signed === text ? signatures.filter(({ keyId }) => keyId === key.keyId) : [];
    const timed = lines.filter((line) => {
      const [found] = verifyCosignatures(primitives, { text, signatures: [line] }, [key]);
      // A signature of no time would not say that the tree was the largest seen.
      return found && found.timestamp > 0;
    });
    if (timed[0]) return formatSignatureLine(key, timed[0].signature);
  } catch (cause) {
    throw new NotSigned(`its answer does not verify: ${(cause as Error).message}`);
  }
  throw new NotSigned("its answer has no signature of its key");
}

/** The size to go on from. Throws NotSigned when going on makes no sense. */
function knownSizeIn(answer: Posted, before: number, { size, largestSize }: Question): number {
  if (answer.status !== 409 || answer.contentType !== SIZE_TYPE) throw refusal(answer);
  const [, digits = ""] = /^([0-9]+)\n$/.exec(decodeUtf8(answer.body) ?? "") ?? [];
  const known = parseSize(digits);
  if (known === undefined) throw new NotSigned("it answered 409 without a size");
  if (known > largestSize) {
    throw new NotSigned(`it knows a larger tree, of ${known} entries, not ${size}`, known);
  }
  if (known > size) throw new NotSigned("it has signed a newer checkpoint meanwhile");
  if (known === before) throw new NotSigned(`it knows ${known} entries, and says otherwise`);
  return known;
}

const MEANINGS: Readonly<Record<number, string>> = {
  403: "it knows no key that signed this; after stele rotate-key, have it run: stele witness add",
  404: "it does not watch this log; have it run: stele witness add",
  409: "it has signed another tree of this size",
  422: "it has signed a tree that this one does not extend, or refused the proof",
  429: "it has too much to do",
};

function refusal({ status, body }: Posted): NotSigned {
  const meaning = MEANINGS[status] ?? "it refused";
  const said = firstWords(body);
  return new NotSigned(`${meaning} (HTTP ${status}${said === "" ? "" : `: ${said}`})`);
}

/** The beginning of what it said, as far as that is harmless. */
function firstWords(untrusted: Uint8Array): string {
  const [line = ""] = Buffer.from(untrusted.subarray(0, 200)).toString("latin1").split("\n", 1);
  return line.replaceAll(/[^ -~]/g, "?").slice(0, 120);
}
