import assert from "node:assert/strict";
import { test } from "node:test";
import { readLines, type InputLine } from "../src/input.ts";

async function read(...chunks: string[]): Promise<InputLine[]> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk, "latin1");
  }
  return Array.fromAsync(readLines(bytes()));
}

test("lines are found wherever the chunks end, blank ones are counted", async () => {
  const text = "one\n\n  \nfour\nfive";
  const expected = [
    { number: 1, text: "one" },
    { number: 4, text: "four" },
    { number: 5, text: "five" },
  ];
  assert.deepEqual(await read(text), expected);
  assert.deepEqual(await read(...Array.from(text)), expected);
  assert.deepEqual(await read(`${text}\n`, ""), expected);
  assert.deepEqual(await read(), []);
});

const LONG = Array.from({ length: 40 }, () => "x".repeat(65_536));

test("a line that an event cannot fill is refused, one that has contents may be longer", async () => {
  const tooLarge = { code: "EVENT_TOO_LARGE", message: /^line 2 was not recorded/ };
  await assert.rejects(read("\n", '{"type":', ...LONG), tooLarge);
  const [line, next, ...rest] = await read('{"sig', 'ned":', ...LONG, "\n{}\n");
  assert.equal(line!.text.length, 10 + 40 * 65_536);
  assert.deepEqual([next, rest], [{ number: 2, text: "{}" }, []]);
  await assert.rejects(read('{"signed":', ...LONG, "\n", '{"type":', ...LONG), tooLarge);
});

test("what is not UTF-8 is refused, also at the end", async () => {
  await assert.rejects(read("{}\n\xff\n"), { code: "JSON_NOT_UTF8", message: /^line 2 / });
  await assert.rejects(read("{}\n\n\xff"), { code: "JSON_NOT_UTF8", message: /^line 3 / });
});
