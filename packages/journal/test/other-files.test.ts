import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { SteleError } from "@stele/journal";
import { spliced } from "./support/ledger-lines.ts";
import { DIRECTORY } from "./support/memory-journal.ts";
import { Specimen, type Changes } from "./support/specimen.ts";

// What lies beside the ledger and is no evidence: whatever is in it, errors have codes and the
// ledger stays as it is.

let specimen: Specimen;

before(async () => {
  specimen = await Specimen.make();
});

suite("head", () => {
  test("with any byte changed or cut off is torn: nothing is believed of it, nothing is lost", async () => {
    const path = `${DIRECTORY}/head`;
    for (const bytes of [...eachByteChanged(path), ...eachTruncation(path)]) {
      const changes = { [path]: bytes };
      assert.equal((await specimen.verify(changes)).verdict, "intact");
      assert.deepEqual((await specimen.read(changes)).entries, specimen.entries);
      await expectOpens(changes);
    }
  });

  test("that is missing is made again", async () => {
    const changes = { [`${DIRECTORY}/head`]: undefined };
    assert.deepEqual((await specimen.read(changes)).entries, specimen.entries);
    await expectOpens(changes);
  });

  test("of anything else is torn", async () => {
    for (const text of ["", "\n", "x".repeat(64), "0".repeat(64), "9".repeat(1000)]) {
      await expectOpens({ [`${DIRECTORY}/head`]: Buffer.from(text) });
    }
  });
});

suite("the manifest", () => {
  test("with any byte changed or cut off has a coded error, or says nothing that matters", async () => {
    const path = `${DIRECTORY}/stele.json`;
    for (const bytes of [...eachByteChanged(path), ...eachTruncation(path)]) {
      const changes = { [path]: bytes };
      const opening = await specimen.open(changes);
      if ("refusal" in opening) await assertRefusesToVerify(changes);
      else assert.equal((await specimen.verify(changes)).verdict, "intact");
    }
  });

  test("of anything else is malformed", async () => {
    const key = '{"stele":1,"origin":"a","publicKey":"a+00000000+AAAA"}';
    for (const text of ["", "null", "[]", "{}", '"x"', '{"stele":1}', '{"stele":"1"}', "\0", key]) {
      const opening = await specimen.open({ [`${DIRECTORY}/stele.json`]: Buffer.from(text) });
      assert.ok("refusal" in opening && opening.refusal.code === "MANIFEST_MALFORMED", text);
    }
  });

  test("whose origin is not its key's name is malformed", async () => {
    const opening = await specimen.open({
      [`${DIRECTORY}/stele.json`]: edited((manifest) => manifest.replace("tests.", "other.")),
    });
    assert.ok("refusal" in opening && opening.refusal.code === "MANIFEST_MALFORMED");
  });

  test("of a newer format is not read", async () => {
    const opening = await specimen.open({
      [`${DIRECTORY}/stele.json`]: edited((manifest) => manifest.replace(":1,", ":2,")),
    });
    assert.ok("refusal" in opening && opening.refusal.code === "JOURNAL_NEWER_FORMAT");
    assert.equal(opening.refusal.fix, "upgrade Stele");
  });
});

suite("a content file", () => {
  test("with any byte changed or cut off is found", async () => {
    for (const [path] of contents()) {
      for (const bytes of [...eachByteChanged(path), ...eachTruncation(path)]) {
        const { verdict } = await specimen.verify({ [path]: bytes });
        assert.notEqual(verdict, "intact", Buffer.from(bytes).toString());
      }
    }
  });

  test("is told by verify with the entry whose content is damaged", async () => {
    for (const [path, { seq }] of contents()) {
      const bytes = specimen.files.get(path)!;
      for (const damaged of [
        spliced(bytes, [0, 1]),
        spliced(bytes, [bytes.length - 10, bytes.length]),
        Buffer.from("rubbish\n"),
        undefined,
      ]) {
        const { firstBad } = await specimen.verify({ [path]: damaged });
        assert.equal(firstBad?.seq, seq, firstBad?.reason);
      }
    }
  });

  test("with any byte changed or cut off gives the bytes that were stored, or a coded error", async () => {
    for (const [path, { seq, name, text }] of contents()) {
      for (const bytes of [...eachByteChanged(path), ...eachTruncation(path)]) {
        await expectContentOrDamage({ [path]: bytes }, { seq, name, text });
      }
    }
  });

  test("with other JSON has a coded error", async () => {
    const [path, { seq, name }] = contents()[0]!;
    for (const line of [
      "null",
      "{}",
      `{"seq":${seq},"content":null}`,
      `{"seq":${seq},"content":[]}`,
      `{"seq":${seq},"content":{"${name}":null}}`,
      `{"seq":${seq},"content":{"${name}":7}}`,
      `{"seq":${seq},"content":{"${name}":{"salt":7,"text":"x"}}}`,
      `{"seq":${seq},"content":{"${name}":{"salt":"${"00".repeat(32)}","text":7}}}`,
      `{"seq":${seq},"content":{"${name}":{"salt":"${"00".repeat(32)}","base64":7}}}`,
      `{"seq":"${seq}","content":{}}`,
    ]) {
      const read = specimen.content({ [path]: Buffer.from(`${line}\n`) }, seq, name);
      await assert.rejects(read, { name: "SteleError", code: "JOURNAL_DAMAGED" }, line);
    }
  });

  test("that is missing is told when the content is asked for", async () => {
    const [path, { seq, name }] = contents()[0]!;
    const read = specimen.content({ [path]: undefined }, seq, name);
    await assert.rejects(read, { code: "JOURNAL_DAMAGED", seq });
  });

  test("that is damaged is kept: what recovery sets aside lies in quarantine", async () => {
    const [path] = contents().at(-1)!;
    for (const bytes of [...eachByteChanged(path), ...eachTruncation(path)]) {
      const opening = await specimen.open({ [path]: bytes });
      if ("refusal" in opening) throw opening.refusal;
      const kept = [...opening.disk.files].filter(([name]) => name.includes("/quarantine/content"));
      const rest = Buffer.concat([opening.disk.files.get(path)!, ...kept.map(([, part]) => part)]);
      assert.deepEqual(new Uint8Array(rest), bytes);
    }
  });
});

interface KnownContent {
  readonly seq: number;
  readonly name: string;
  readonly text: string;
}

/** The specimen's contents by file: each file has one. */
function contents(): readonly (readonly [string, KnownContent])[] {
  const named = specimen.entries.filter(({ event }) => event["content"] !== undefined);
  const texts = ["some text", "\0\xff", "last"];
  return named.map(({ seq, event }, index) => {
    const { first } = specimen.segments.findLast((segment) => segment.first <= seq)!;
    const path = `${DIRECTORY}/content/${String(first).padStart(20, "0")}.jsonl`;
    const [name] = Object.keys(event["content"]!);
    return [path, { seq, name: name!, text: texts[index]! }];
  });
}

async function expectContentOrDamage(changes: Changes, content: KnownContent): Promise<void> {
  const { seq, name, text } = content;
  try {
    const bytes = await specimen.content(changes, seq, name);
    assert.equal(Buffer.from(bytes!).toString("latin1"), text);
  } catch (error) {
    assert.ok(error instanceof SteleError && error.code === "JOURNAL_DAMAGED", String(error));
  }
}

async function expectOpens(changes: Changes): Promise<void> {
  const opening = await specimen.open(changes);
  if ("refusal" in opening) throw opening.refusal;
  assert.equal(opening.journal.sealedSize, specimen.entries.length);
  await opening.journal.append({ type: "note" });
  const { verdict } = await opening.journal.verify({ threads: 1 });
  assert.equal(verdict, "intact");
}

async function assertRefusesToVerify(changes: Changes): Promise<void> {
  await assert.rejects(specimen.verify(changes), { name: "SteleError" });
}

function edited(change: (manifest: string) => string): Uint8Array {
  const manifest = Buffer.from(specimen.files.get(`${DIRECTORY}/stele.json`)!).toString();
  return Buffer.from(change(manifest));
}

function* eachByteChanged(path: string): Generator<Uint8Array> {
  const bytes = specimen.files.get(path)!;
  for (const [offset, byte] of bytes.entries()) {
    for (const other of new Set([(byte + 1) % 256, byte ^ 0x80, 0, 0x0a])) {
      if (other !== byte) yield spliced(bytes, [offset, offset + 1], Uint8Array.of(other));
    }
  }
}

function* eachTruncation(path: string): Generator<Uint8Array> {
  const bytes = specimen.files.get(path)!;
  for (let length = 0; length < bytes.length; length++) yield bytes.subarray(0, length);
}
