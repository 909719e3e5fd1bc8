import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Journal } from "@stele/journal";
import { MemoryDisk } from "./support/memory-disk.ts";
import { DIRECTORY, newMemoryJournal, openInMemory } from "./support/memory-journal.ts";

const MEBIBYTE = 1024 * 1024;

suite("content", () => {
  const contents: Readonly<Record<string, Uint8Array | string>> = {
    "no bytes": new Uint8Array(),
    "no text": "",
    "plain text": "hello",
    "text with what JSON escapes": '"\\\u0000\u001f\u2028\u{1f512}\r\n',
    "a byte order mark": "\ufeffmark",
    "every byte": Uint8Array.from({ length: 256 }, (_, byte) => byte),
    "half a character": Uint8Array.of(0xe2, 0x82),
    "what looks like a line of its file": '{"seq":0,"content":{}}\n{"seq":1,"content":{}}\n',
    "a mebibyte of bytes": new Uint8Array(MEBIBYTE).fill(0xfe),
  };
  for (const [name, content] of Object.entries(contents)) {
    test(`of ${name} comes back as it was`, async () => {
      const { journal } = await open();
      await journal.append({ type: "note" });
      const { seq } = await journal.append({ type: "note" }, { content: { body: content } });
      await journal.append({ type: "note" }, { content: { body: "another" } });
      const expected = typeof content === "string" ? Buffer.from(content) : content;
      assert.deepEqual(
        new Uint8Array((await journal.content(seq, "body"))!),
        new Uint8Array(expected),
      );
      const { event } = await journal.get(seq);
      assert.equal(event.content!["body"]!.size, expected.length);
      await expectIntact(journal, 2);
    });
  }

  test("of 16 MiB, and of the 64 MiB that an event may have", async () => {
    const { journal } = await open();
    for (const size of [16 * MEBIBYTE, 64 * MEBIBYTE]) {
      const bytes = Buffer.alloc(size, "0123456789abcde\n");
      const { seq } = await journal.append({ type: "note" }, { content: { bytes } });
      assert.ok(bytes.equals((await journal.content(seq, "bytes"))!));
    }
    await expectIntact(journal, 2);
  });

  test("of more than 64 MiB in one event is refused, before it is copied", async () => {
    const { journal } = await open();
    const half = new Uint8Array(32 * MEBIBYTE);
    const content = { one: half, two: half, three: Uint8Array.of(1) };
    await assert.rejects(journal.append({ type: "note" }, { content }), {
      code: "CONTENT_TOO_LARGE",
    });
    assert.equal((await journal.append({ type: "note" })).seq, 0);
  });

  test("that is named as a signature is, and whose reference is as long, is found", async () => {
    const { journal } = await open();
    const signature = { mediaType: "text/plain", bytes: "0123456789" };
    await journal.append({ type: "note" }, { content: { body: "text", signature } });
    await expectIntact(journal, 2);
  });

  test("of several names has an own salt and commitment for each", async () => {
    const { journal } = await open();
    const names = ["a", "B", "0", "-", "_", ".", "x".repeat(64), "constructor", "toString"];
    const content = Object.fromEntries(names.map((name) => [name, "same"]));
    const { seq } = await journal.append({ type: "note" }, { content });
    const references = (await journal.get(seq)).event.content!;
    assert.deepEqual(Object.keys(references).toSorted(), names.toSorted());
    const commitments = Object.values(references).map(({ commitment }) => commitment);
    assert.equal(new Set(commitments).size, names.length);
    for (const name of names) {
      assert.equal(Buffer.from((await journal.content(seq, name))!).toString(), "same");
    }
    await expectIntact(journal, names.length);
  });

  test("has a media type: the one given, or what the bytes came as", async () => {
    const { journal } = await open();
    const { seq } = await journal.append(
      { type: "note" },
      {
        content: {
          text: "text",
          bytes: Uint8Array.of(1),
          page: { bytes: "<p>", mediaType: "text/html" },
          image: { bytes: Uint8Array.of(2), mediaType: "image/png" },
        },
      },
    );
    const references = Object.entries((await journal.get(seq)).event.content!);
    assert.deepEqual(
      Object.fromEntries(references.map(([name, { mediaType }]) => [name, mediaType])),
      {
        text: "text/plain; charset=utf-8",
        bytes: "application/octet-stream",
        page: "text/html",
        image: "image/png",
      },
    );
  });

  test("under a name that is none, or of what is no bytes, is refused", async () => {
    const { journal } = await open();
    const names = ["", "a b", "a/b", "ä", "x".repeat(65), "__proto__", "a\n"];
    for (const name of names) {
      const content = Object.fromEntries([[name, "text"]]);
      await assert.rejects(journal.append({ type: "note" }, { content }), {
        code: "CONTENT_INVALID",
      });
    }
    for (const value of [null, undefined, 7, {}, { bytes: 7 }, [1]]) {
      const content = { body: value as unknown as string };
      await assert.rejects(journal.append({ type: "note" }, { content }), {
        code: "CONTENT_INVALID",
      });
    }
    assert.equal((await journal.append({ type: "note" }, { content: {} })).seq, 0);
    assert.equal((await journal.get(0)).event.content, undefined);
  });

  test("that an entry does not name is undefined; of an entry that is not there, out of range", async () => {
    const { journal } = await open();
    await journal.append({ type: "note" }, { content: { body: "text" } });
    await journal.append({ type: "note" });
    assert.equal(await journal.content(0, "other"), undefined);
    assert.equal(await journal.content(1, "body"), undefined);
    await assert.rejects(journal.content(2, "body"), { code: "SEQ_OUT_OF_RANGE" });
  });

  test("is found in every segment, and after reopening", async () => {
    const { journal, disk } = await open();
    const append = async (at: Journal, text: string): Promise<number> =>
      (await at.append({ type: "note" }, { content: { body: text } })).seq;
    for (let index = 0; index < 20; index++) await append(journal, `text ${index}`);
    await journal.close();
    const reopened = await openInMemory(disk);
    assert.equal(await append(reopened, "text 20"), 20);
    for (let seq = 0; seq <= 20; seq++) {
      assert.equal(Buffer.from((await reopened.content(seq, "body"))!).toString(), `text ${seq}`);
    }
    assert.ok([...disk.files.keys()].filter((path) => path.includes("/content/")).length > 3);
    await expectIntact(reopened, 21);
  });

  test("lines of the same entry are found, also such as have nothing", async () => {
    const { journal, disk } = await open();
    await journal.append({ type: "note" }, { content: { body: "text" } });
    const path = `${DIRECTORY}/content/00000000000000000000.jsonl`;
    const lines = Buffer.from(disk.files.get(path)!);
    disk.files.set(path, Buffer.concat([lines, Buffer.from('{"seq":0,"content":{}}\n')]));
    const { verdict, firstBad } = await journal.verify({ threads: 1 });
    assert.deepEqual([verdict, firstBad?.seq], ["tampered", 0]);
  });

  test("that was handed over without is no finding, but is counted", async () => {
    const { journal, disk } = await open();
    await journal.append({ type: "note" }, { content: { a: "1", b: "2" } });
    const verdict = await journal.verify({ threads: 1 });
    assert.deepEqual(verdict.contents, { checked: 2, absent: 0, erased: 0, unerased: 0 });
    const files = [...disk.files].filter(([path]) => !path.startsWith(`${DIRECTORY}/content/`));
    const without = await (await openInMemory(new MemoryDisk(files))).verify({ threads: 1 });
    assert.deepEqual(without.contents, { checked: 0, absent: 2, erased: 0, unerased: 0 });
    assert.equal(without.verdict, "intact");
  });
});

async function open(): Promise<{
  journal: Journal;
  disk: MemoryDisk;
}> {
  const disk = await newMemoryJournal({ segmentBytes: 1024 });
  return { disk, journal: await openInMemory(disk) };
}

async function expectIntact(journal: Journal, contents: number): Promise<void> {
  const verdict = await journal.verify({ threads: 1 });
  assert.equal(verdict.verdict, "intact", verdict.firstBad?.reason);
  const none = { absent: 0, erased: 0, unerased: 0 };
  assert.deepEqual(verdict.contents, { checked: contents, ...none });
}
