import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { utf8 } from "@stele/core/bytes";
import { formatSignatureLine } from "@stele/core/note";
import { primitives, testKey } from "./support/key.ts";
import { bytesOf, spliced, type Line, type Segment } from "./support/ledger-lines.ts";
import { Specimen } from "./support/specimen.ts";

// Other bytes that mean the same to a lenient reader: each value has one form, and any other is a
// finding.

let specimen: Specimen;

before(async () => {
  specimen = await Specimen.make();
});

suite("a header in another form is found", () => {
  const variants: Readonly<Record<string, (line: string) => string>> = {
    "white space between tokens": (line) => line.replace(":", ": "),
    "white space at the end": (line) => line.replace("}\n", "} \n"),
    "a carriage return": (line) => line.replace("\n", "\r\n"),
    "a byte order mark": (line) => `\ufeff${line}`,
    "members in another order": (line) =>
      line.replace(/("stele":1),("origin":"[^"]*")/, (_, stele, origin) => `${origin},${stele}`),
    "a member more": (line) => line.replace("}\n", ',"x":0}\n'),
    "a member twice": (line) => line.replace('"stele":1', '"stele":1,"stele":1'),
    "a number in another spelling": (line) => line.replace(/"first":([0-9]+)/, '"first":$1.0'),
    "an escaped character": (line) => line.replace("tests.", "\\u0074ests."),
    "upper-case hex": (line) => line.replace(/"prev":"[^"]*"/, (text) => upperHex(text)),
    "no frontier": (line) => line.replace(/,"frontier":\[.*\]/, ""),
    "an older version": (line) => line.replace('"stele":1', '"stele":0'),
  };
  for (const [name, change] of Object.entries(variants)) {
    test(name, async () => {
      for (const segment of specimen.segments) {
        const line = segment.lines[0]!;
        if (change(textOf(segment, line)) === textOf(segment, line)) continue;
        await expectFound(segment, line, change);
      }
    });
  }
});

suite("a seal in another form is found", () => {
  const variants: Readonly<Record<string, (line: string) => string>> = {
    "white space between tokens": (line) => line.replace(":", ": "),
    "white space at the end": (line) => line.replace("}\n", "} \n"),
    "a carriage return": (line) => line.replace("\n", "\r\n"),
    "a member more": (line) => line.replace('"}\n', '","x":0}\n'),
    "a member twice": (line) => line.replace("{", '{"seal":"",'),
    "an escaped slash or letter": (line) => line.replace("tests.", "\\u0074ests."),
    "the dash escaped": (line) => line.replace("\u2014", "\\u2014"),
    "base64 with bits that count for nothing": (line) => withLaxBase64(line),
    "base64 without padding": (line) => line.replace(/=\\n\\n/, "\\n\\n"),
    "the size with a zero before it": (line) => line.replace("\\n", "\\n0"),
    "a signature plus the group's order": (line) => withSignature(line, plusOrder),
    "a second signature by the key": (line) => line.replace(/(\u2014 .*\\n)/u, "$1$1"),
    "a signature by another key behind it": (line) => line.replace('\\n"}', `\\n${stranger()}"}`),
    "a signature of zeros": (line) => withSignature(line, (bytes) => bytes.fill(0, 4)),
    "an extension line": (line) => line.replace("\\n\\n", "\\nextension\\n\\n"),
    "no signature": (line) => line.replace(/\u2014 .*\\n/u, ""),
    "no text": () => '{"seal":""}\n',
    "no string": () => '{"seal":null}\n',
  };
  for (const [name, change] of Object.entries(variants)) {
    test(name, async () => {
      for (const segment of specimen.segments) {
        for (const line of segment.lines.filter(({ kind }) => kind === "seal")) {
          await expectFound(segment, line, change);
        }
      }
    });
  }
});

suite("an entry in another form is found, even when its hash is right again", () => {
  const variants: Readonly<Record<string, (leaf: string) => string>> = {
    "white space between tokens": (leaf) => leaf.replace(":", ": "),
    "members in another order": (leaf) => leaf.replace(/("time":"[^"]*"),("event":.*)}$/, "$2,$1}"),
    "another time": (leaf) => leaf.replace('"time":"2', '"time":"3'),
    "another event": (leaf) => leaf.replace('"note"', '"nota"'),
    "the number in another spelling": (leaf) => leaf.replace(/"seq":([0-9]+)/, '"seq":$1e0'),
  };
  for (const [name, change] of Object.entries(variants)) {
    test(name, async () => {
      for (const segment of specimen.segments) {
        for (const line of segment.lines.filter(({ kind }) => kind === "entry")) {
          await expectFound(segment, line, (text) => withRightHash(change(leafOf(text))));
        }
      }
    });
  }
});

async function expectFound(
  segment: Segment,
  line: Line,
  change: (line: string) => string,
): Promise<void> {
  const original = textOf(segment, line);
  const after = change(original);
  assert.notEqual(after, original, "the variant changes something");
  const bytes = spliced(segment.bytes, [line.start, line.end], utf8(after));
  const { verdict, firstBad } = await specimen.verify({ [segment.path]: bytes });
  assert.notEqual(verdict, "intact", `${segment.path}: ${after}`);
  // A changed entry with a right hash is found by the link of the next one, or else by the seal.
  const { seq } = firstBad!;
  assert.ok(seq >= line.sealedSize && seq <= line.size + 1, `${seq}: ${after}`);
  const opening = await specimen.open({ [segment.path]: bytes });
  assert.ok("refusal" in opening || segment !== specimen.lastSegment, after);
}

function textOf(segment: Segment, line: Line): string {
  return Buffer.from(bytesOf(segment, line)).toString();
}

function leafOf(line: string): string {
  return `${line.slice(0, line.lastIndexOf(',"hash":'))}}`;
}

function withRightHash(leaf: string): string {
  const hash = primitives.sha256(utf8(`\0${leaf}`));
  return `${leaf.slice(0, -1)},"hash":"${hash}"}\n`;
}

/** Upper case where a letter stands; digits alone have no other form. */
function upperHex(member: string): string {
  return member.replace(/:"[^"]*"/, (value) => value.toUpperCase());
}

/** The root has 32 bytes, so the last of its 43 letters carries two bits that decode to nothing. */
function withLaxBase64(line: string): string {
  return line.replace(/([A-Za-z0-9+/])=\\n\\n/, (_, letter: string) => {
    const next = String.fromCharCode(letter.charCodeAt(0) + 1);
    return `${next}=\\n\\n`;
  });
}

function withSignature(line: string, change: (bytes: Uint8Array) => Uint8Array): string {
  return line.replace(/([A-Za-z0-9+/=]+)\\n"\}/, (_, encoded: string) => {
    return `${Buffer.from(change(Buffer.from(encoded, "base64"))).toString("base64")}\\n"}`;
  });
}

const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** S + L verifies wherever S is not checked to be below L (RFC 8032 section 5.1.7). */
function plusOrder(bytes: Uint8Array): Uint8Array {
  const scalar = Buffer.from(bytes.subarray(4 + 32).toReversed());
  const changed = (BigInt(`0x${scalar.toString("hex")}`) + GROUP_ORDER).toString(16);
  bytes.set(Buffer.from(changed.padStart(64, "0"), "hex").toReversed(), 4 + 32);
  return bytes;
}

function stranger(): string {
  const line = formatSignatureLine(testKey("stranger.example", 9), new Uint8Array(64));
  return JSON.stringify(line).slice(1, -1);
}
