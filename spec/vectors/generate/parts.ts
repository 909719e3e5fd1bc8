import { base64, hmac, OTHER_SEED, sha256, SOURCE, TEST_SEED, TestKey } from "./crypto.ts";
import { checkpointText, headText } from "./journal.ts";

/** Keys, their ids and texts, and texts that are no keys. */
export function keyVectors(): object {
  const names = ["test.example/vectors", "a", "!#$%&'()*,-./0:;<=>?@A[]^_`a{|}~", "x".repeat(255)];
  const keys = names.flatMap((name) =>
    [TEST_SEED, OTHER_SEED].map((seed) => new TestKey(name, seed)),
  );
  const good = keys[0]!;
  const typed = (type: number): string =>
    Buffer.concat([Buffer.of(type), good.publicKey]).toString("base64");
  const vkey = (name: string, keyId: string, typedKey: string): string =>
    `${name}+${keyId}+${typedKey}`;
  const renamed = (name: string): string => new TestKey(name, TEST_SEED).vkey;
  const refused: readonly (readonly [why: string, vkey: string])[] = [
    ["the id of another key", vkey(good.name, keys[1]!.keyId, typed(1))],
    ["the id of another name", vkey("other.example", good.keyId, typed(1))],
    ["an id in capitals", vkey(good.name, good.keyId.toUpperCase(), typed(1))],
    ["an id of seven digits", vkey(good.name, good.keyId.slice(1), typed(1))],
    ["a cosignature key (type 4)", vkey(good.name, good.keyId, typed(4))],
    ["base64 without padding", good.vkey.slice(0, -1)],
    ["base64 of the URL alphabet", good.vkey.replaceAll("/", "_")],
    ["31 bytes", vkey(good.name, good.keyId, base64(good.publicKey.toString("hex").slice(2)))],
    ["a newline behind it", `${good.vkey}\n`],
    ["a space in the name", renamed("a b")],
    ["a quote in the name", renamed('a"b')],
    ["a backslash in the name", renamed("a\\b")],
    ["a letter beyond ASCII in the name", renamed("é")],
    ["a name of 256 characters", renamed("x".repeat(256))],
    ["no name", renamed("")],
    ["a private key", good.skey],
    ["nothing", ""],
  ];
  return {
    source: SOURCE,
    description:
      "Ed25519 keys of spec/ledger.md section 5. The private ones are public: never sign " +
      "anything with them.",
    accepted: keys.map(({ name, seed, publicKey, keyId, vkey: text, skey }) => ({
      name,
      seed: seed.toString("hex"),
      publicKey: publicKey.toString("hex"),
      keyId,
      vkey: text,
      skey,
    })),
    refused: refused.map(([why, text]) => ({ why, vkey: text })),
  };
}

/** Checkpoint texts and what is none. */
export function checkpointVectors(): object {
  const root = sha256("");
  const good = checkpointText("test.example/vectors", 7, root);
  const accepted = [0, 1, 7, Number.MAX_SAFE_INTEGER].map((size) => ({
    text: checkpointText("test.example/vectors", size, root),
    origin: "test.example/vectors",
    size,
    root,
  }));
  const refused: readonly (readonly [why: string, text: string])[] = [
    ["an extension line", `${good}extension\n`],
    ["an empty line behind it", `${good}\n`],
    ["no last newline", good.slice(0, -1)],
    ["no origin", good.replace(/^.*/, "")],
    ["a size with a leading zero", good.replace("\n7\n", "\n07\n")],
    ["a size with a sign", good.replace("\n7\n", "\n+7\n")],
    ["a negative size", good.replace("\n7\n", "\n-7\n")],
    ["a size in hexadecimal", good.replace("\n7\n", "\n0x7\n")],
    ["no size", good.replace("\n7\n", "\n\n")],
    ["a size beyond 2^53 - 1", good.replace("\n7\n", "\n9007199254740992\n")],
    ["a root of 31 bytes", checkpointText("test.example/vectors", 7, root.slice(2))],
    ["a root in hexadecimal", good.replace(/.*\n$/, `${root}\n`)],
    ["a root without padding", good.replace("=\n", "\n")],
    ["a root whose unused bits are set", good.replace(/.=\n$/, "V=\n")],
    ["carriage returns", good.replaceAll("\n", "\r\n")],
    ["nothing", ""],
  ];
  return {
    source: SOURCE,
    description:
      "The text of a checkpoint (spec/ledger.md section 5), without signatures; root in hex.",
    accepted,
    refused: refused.map(([why, text]) => ({ why, text })),
  };
}

/** Heads, and what counts as torn. */
export function headVectors(): object {
  const accepted = [
    [0, 0, 166],
    [12, 7, 3456],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 999_999_999_999],
  ].map(([size = 0, segment = 0, segmentBytes = 0]) => ({
    size,
    segment,
    segmentBytes,
    text: headText(size, segment, segmentBytes),
  }));
  const good = headText(12, 7, 3456);
  const torn: readonly (readonly [why: string, text: string])[] = [
    ["nothing", ""],
    ["zeros", "\0".repeat(64)],
    ["a byte too few", good.slice(0, -1)],
    ["a byte too many", `${good}\n`],
    ["another number", good.replace("12 ", "13 ")],
    ["another check", good.replace(/.\n$/, "x\n")],
    ["a check in capitals", good.slice(0, 47) + good.slice(47).toUpperCase()],
    ["spaces for zeros", good.replaceAll(/(^| )0+/g, (zeros) => " ".repeat(zeros.length))],
    ["half of it from another", good.slice(0, 32) + headText(13, 9, 1234).slice(32)],
    ["a size beyond 2^53 - 1", headText(9007199254740992, 7, 3456)],
  ];
  return {
    source: SOURCE,
    description:
      "The file head (spec/ledger.md section 6): what it says, and texts that say nothing, " +
      "as if a crash had torn them.",
    accepted,
    torn: torn.map(([why, text]) => ({ why, text })),
  };
}

/** Commitments to contents, and lines that hold contents. */
export function contentVectors(): object {
  const domain = "stele/content/v1\0";
  const stored = (field: string, salt: Buffer, bytes: Buffer): object => ({
    field,
    salt: salt.toString("hex"),
    bytes: bytes.toString("hex"),
    commitment: hmac(salt, domain, `${field}\0`, bytes),
  });
  const a = TEST_SEED;
  const b = OTHER_SEED;
  const text = Buffer.from("héllo\n\u0000\ufeff");
  const binary = Buffer.from("ff00fe", "hex");
  const salts = { a: a.toString("hex"), b: b.toString("hex") };
  const line = {
    seq: 7,
    content: {
      output: { salt: salts.a, text: text.toString() },
      "b.in-1_": { salt: salts.b, base64: "/wD+" },
      empty: { salt: salts.a, text: "" },
    },
  };
  const one = (change: object): string =>
    `${JSON.stringify({ seq: 7, content: { a: { salt: salts.a, text: "x", ...change } } })}\n`;
  const refused: readonly (readonly [why: string, line: string])[] = [
    ["no JSON", "{\n"],
    ["no seq", `${JSON.stringify({ content: {} })}\n`],
    ["a seq that is no whole number", `${JSON.stringify({ seq: 1.5, content: {} })}\n`],
    ["a short salt", one({ salt: "00" })],
    ["a salt in capitals", one({ salt: salts.a.toUpperCase() })],
    ["no salt", one({ salt: undefined })],
    ["base64 without padding", one({ text: undefined, base64: "AA" })],
    ["base64 of the URL alphabet", one({ text: undefined, base64: "_wD-" })],
    ["erased by no entry", `${JSON.stringify({ seq: 7, content: {}, erased: { a: -1 } })}\n`],
    ["there and erased", one({}).replace("}}}\n", '}},"erased":{"a":9}}\n')],
  ];
  return {
    source: SOURCE,
    description:
      "Commitments and content lines of spec/content.md; salt and bytes in hex. Every salt " +
      "here is public: real ones are random.",
    commitments: [
      stored("output", a, text),
      stored("output", b, text),
      stored("input", a, text),
      stored("empty", a, Buffer.alloc(0)),
      stored("b.in-1_", b, binary),
    ],
    lines: [
      {
        line: `${JSON.stringify(line)}\n`,
        seq: 7,
        contents: [
          stored("output", a, text),
          stored("b.in-1_", b, binary),
          stored("empty", a, Buffer.alloc(0)),
        ],
      },
      {
        line: `${JSON.stringify({ seq: 8, content: {}, erased: { output: 9, input: 12 } })}\n`,
        seq: 8,
        contents: [],
        erased: { output: 9, input: 12 },
      },
    ],
    refused: refused.map(([why, wrong]) => ({ why, line: wrong })),
  };
}
