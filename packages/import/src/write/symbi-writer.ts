import { fromHex, toHex, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { readLossless, stringOf, type Lossless } from "../lossless-json.ts";
import { symbiLacks, symbiText } from "../symbi.ts";
import { NativeFields } from "./native-fields.ts";
import {
  readOr,
  withMembers,
  type NativeEntry,
  type RecordWriter,
  type TakenRecord,
  type WriteContext,
  type WrittenRecord,
} from "./record-writer.ts";
import { serdeJson } from "./serde-json.ts";

const NO_KEY =
  "the file names no verifying key, since the journal does not say whose signatures these are: " +
  "name it with --public-key HEX";

/** Writes a critic audit of symbi-runtime from reviews; all signatures in it are of one key. */
export class SymbiWriter implements RecordWriter {
  readonly begin = '{\n  "entries": [';
  readonly first = "\n    ";
  readonly between = ",\n    ";
  readonly #context: WriteContext;
  #previous: string;
  #publicKey: Uint8Array | undefined;
  #isEmpty = true;

  constructor(context: WriteContext) {
    this.#context = context;
    this.#previous = context.primitives.sha256(utf8("genesis"));
    this.#publicKey = context.signingKey?.publicKey ?? context.publicKey;
  }

  stated({ verifying_key_hex: key }: Readonly<Record<string, unknown>>): void {
    const bytes = typeof key === "string" ? fromHex(key.toLowerCase()) : undefined;
    if (bytes?.length === 32) this.#publicKey ??= bytes;
  }

  end(): string {
    const key = this.#publicKey;
    const named = key ? `,\n  "verifying_key_hex": "${toHex(key)}"` : "";
    return `${this.#isEmpty ? "" : "\n  "}]${named}\n}`;
  }

  notes(): readonly string[] {
    return this.#publicKey || this.#isEmpty ? [] : [NO_KEY];
  }

  takenOver({ seq, text, wasRight }: TakenRecord): WrittenRecord | undefined {
    const node = readOr(text);
    if (!node || symbiLacks(node) !== undefined) return undefined;
    const stated = stringOf(node, "chain_hash")!;
    const isNext = this.#chainHash(node) === stated;
    if (isNext && (this.#isSigned(stated, node) ?? wasRight)) {
      this.#advance(stated);
      return { text, isAsItWas: true };
    }
    if (!wasRight) return undefined;
    return { text: this.#append(seq, node), isAsItWas: false };
  }

  made(entry: NativeEntry): string {
    const fields = new NativeFields(entry);
    const members = {
      entry_id: JSON.stringify(fields.id),
      director_output_hash: JSON.stringify(fields.text("directorHash")),
      critic_assessment_hash: JSON.stringify(fields.text("criticHash")),
      verdict: JSON.stringify(fields.text("verdict")),
      dimension_scores: dimensions(fields),
      score: fields.json("score"),
      critic_identity: critic(fields),
      timestamp: JSON.stringify(timestamp(fields, entry)),
      chain_hash: '""',
      signature: '""',
      iteration: fields.wholeOr("iteration", 32) ?? fields.impossible("iteration", "is missing"),
    };
    const texts = Object.entries(members).map(([name, text]) => `"${name}":${text}`);
    const node = readLossless(`{${texts.join(",")}}`);
    const lack = symbiLacks(node);
    if (lack === undefined) return this.#append(entry.seq, node);
    const message = `entry ${entry.seq}: as a symbi record it lacks ${lack}`;
    throw new SteleError("EXPORT_IMPOSSIBLE", message, { seq: entry.seq });
  }

  #append(seq: number, node: Lossless): string {
    const { signingKey, primitives } = this.#context;
    if (!signingKey) {
      const message = `entry ${seq} cannot be signed without a signing key`;
      const fix = "give an Ed25519 key: --signing-key FILE";
      throw new SteleError("KEY_MISSING", message, { seq, fix });
    }
    const hash = this.#chainHash(node);
    const signature = toHex(primitives.sign(signingKey.seed, utf8(hash)));
    this.#advance(hash);
    const members = { chain_hash: JSON.stringify(hash), signature: JSON.stringify(signature) };
    return withMembers(node, members);
  }

  #advance(hash: string): void {
    this.#isEmpty = false;
    this.#previous = hash;
  }

  /** Whether the key of this file signed it; undefined while no key is known. */
  #isSigned(hash: string, node: Lossless): boolean | undefined {
    if (!this.#publicKey) return undefined;
    const signature = fromHex(stringOf(node, "signature")!);
    return (
      signature?.length === 64 &&
      this.#context.primitives.verify(this.#publicKey, utf8(hash), signature)
    );
  }

  #chainHash(node: Lossless): string {
    return this.#context.primitives.sha256(utf8(this.#previous + symbiText(node)));
  }
}

function dimensions(fields: NativeFields): string {
  const member = fields.member("dimensions");
  const isRight =
    member?.kind === "object" && [...member.members.values()].every((one) => one.kind === "number");
  return isRight ? serdeJson(member) : fields.impossible("dimensions", "is no object of numbers");
}

function critic(fields: NativeFields): string {
  const member = fields.member("critic");
  const text = (name: string): string =>
    (member && stringOf(member, name)) ?? fields.impossible(`critic.${name}`, "is missing");
  const type = text("type");
  if (type === "llm") return JSON.stringify({ type, model_id: text("modelId") });
  if (type !== "human") fields.impossible("critic.type", "is neither llm nor human");
  return JSON.stringify({ type, user_id: text("userId"), name: text("name") });
}

/** RFC 3339 with `Z` and 0, 3, 6 or 9 digits of a second, as chrono prints it. */
function timestamp(fields: NativeFields, { time }: NativeEntry): string {
  const [, whole, fraction = ""] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)$/.exec(
      fields.textOr("timestamp") ?? time,
    ) ?? [];
  if (whole === undefined) return fields.impossible("timestamp", "is no time in UTC");
  const digits = fraction.replace(/0+$/, "");
  if (digits === "") return `${whole}Z`;
  return `${whole}.${digits.padEnd(Math.ceil(digits.length / 3) * 3, "0")}Z`;
}
