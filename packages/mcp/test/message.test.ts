import assert from "node:assert/strict";
import { test } from "node:test";
import { paramsOf, readLine, type Line } from "../src/message.ts";

function read(text: string): Line {
  return readLine(Buffer.from(text));
}

function summary({ messages, defect, unclear }: Line): unknown {
  return { kinds: messages.map((message) => message.kind), defect, unclear };
}

const clean = { defect: undefined, unclear: undefined };

test("the four kinds of message", () => {
  const cases = [
    ['{"jsonrpc":"2.0","id":1,"method":"ping"}', "request"],
    ['{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"x"}}', "request"],
    ['{"jsonrpc":"2.0","method":"notifications/initialized"}', "notification"],
    ['{"jsonrpc":"2.0","id":1,"result":{}}', "result"],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}', "error"],
    ['{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":""}}', "error"],
    ['{"jsonrpc":"2.0","error":{"code":-32700,"message":""}}', "error"],
    ['  {"result":{},"jsonrpc":"2.0","id":0}\r', "result"],
  ];
  for (const [text, kind] of cases) {
    assert.deepEqual(summary(read(text!)), { kinds: [kind], ...clean }, text);
  }
});

test("a batch is its messages", () => {
  const line = read('[{"jsonrpc":"2.0","method":"a"},\n{"jsonrpc":"2.0","id":2,"method":"b"}]');
  assert.deepEqual(summary(line), { kinds: ["notification", "request"], ...clean });
  assert.equal(line.batch, true);
  assert.deepEqual(
    line.messages.map((message) => message.sizeBytes),
    [30, 37],
  );
});

test("what is not JSON, JSON-RPC or MCP has a defect, and messages as far as a lenient peer sees some", () => {
  const cases: [string, string[], string][] = [
    ["", [], "not JSON"],
    ["Server listening on stdio", [], "not JSON"],
    ['\ufeff{"jsonrpc":"2.0","method":"a"}', [], "not JSON"],
    ['{"jsonrpc":"2.0","method":"a"}{}', [], "not JSON"],
    ["3", [], "not JSON-RPC: not an object"],
    ["[]", [], "an empty batch"],
    ["[3]", [], "not JSON-RPC: not an object"],
    ["{}", [], "not JSON-RPC: no method, result or error"],
    ['{"jsonrpc":"2.0","method":7}', [], "not JSON-RPC: no method, result or error"],
    ['{"method":"a"}', ["notification"], 'not JSON-RPC: "jsonrpc" is not "2.0"'],
    [
      '{"jsonrpc":"2.0","id":null,"method":"a"}',
      ["request"],
      'not JSON-RPC: "id" is neither a string nor a number',
    ],
    [
      '{"jsonrpc":"2.0","result":{}}',
      ["result"],
      'not JSON-RPC: "id" is neither a string nor a number',
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["rm"]}',
      ["request"],
      "not MCP: tools/call without the name of a tool",
    ],
  ];
  for (const [text, kinds, defect] of cases) {
    assert.deepEqual(summary(read(text)), { kinds, defect, unclear: undefined }, text);
  }
});

test("one bad element leaves the others of a batch readable", () => {
  const line = read('[3,{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}]');
  assert.deepEqual(summary(line), {
    kinds: ["request"],
    defect: "not JSON-RPC: not an object",
    unclear: undefined,
  });
});

test("invalid UTF-8 is a defect, but a lenient server still sees the call", () => {
  const text = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x\xff"}}';
  const line = readLine(Buffer.from(text, "latin1"));
  assert.deepEqual(summary(line), { kinds: ["request"], defect: "not UTF-8", unclear: undefined });
  assert.equal(paramsOf(line.messages[0]!)["name"], "x\ufffd");
});

test("where readers can differ the line is ambiguous", () => {
  const call = '"jsonrpc":"2.0","id":1';
  const cases = [
    `{${call},"method":"ping","method":"tools/call"}`,
    `{${call},"method":"ping","m\\u0065thod":"tools/call"}`,
    `{${call},"id":2,"method":"ping"}`,
    `{${call},"method":"ping","Method":"tools/call"}`,
    `{${call},"method":"ping","param\u017f":{}}`,
    `{${call},"METHOD":"tools/call"}`,
    `{${call},"method":"tools/call","params":{"name":"ls","name":"rm"}}`,
    `{${call},"method":"tools/call","params":{"name":"ls","arguments":{},"arguments":{}}}`,
    `{${call},"method":"tools/call","params":{"name":"ls"},"params":{"name":"rm"}}`,
    `{${call},"method":"tools/call","params":{"name":"ls"},"result":{}}`,
    `{${call},"result":{},"error":{"code":1,"message":""}}`,
    `{${call},"result":{"isError":false,"isError":true}}`,
    `[{"jsonrpc":"2.0","method":"a"},{${call},"method":"ping","method":"tools/call"}]`,
  ];
  for (const text of cases) {
    const { unclear, defect } = read(text);
    assert.equal(unclear, "JSON_DUPLICATE_KEY", text);
    assert.match(defect!, /^ambiguous: /);
  }
});

test("a carriage return can end a line for others: what it would hide makes the line ambiguous", () => {
  const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}';
  const hidden = [
    `{"jsonrpc":"2.0","method":"a","params":{"x":\r${call}\r}}`,
    `hello\r${call}`,
    `${call}\r${call}\r`,
    `[\r${call}\r]`,
  ];
  for (const text of hidden) assert.equal(read(text).unclear, "JSON_SYNTAX", text);
  const open = [`${call}\r`, `\r${call}`, "hello\rworld", '{"jsonrpc":"2.0",\r"method":"a"}'];
  for (const text of open) assert.equal(read(text).unclear, undefined, text);
  assert.equal(read("{x}\r".repeat(1_000_000)).unclear, "JSON_SYNTAX", "too many to look at");
});

test("duplicates where nothing hangs on them are none of our business", () => {
  const params = '{"name":"x","arguments":{"a":1,"a":2},"_x":1,"_x":2}';
  const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
  assert.deepEqual(summary(read(text)), { kinds: ["request"], ...clean });
});

test("a batch has a limit, because its entries would be many times its size", () => {
  const notification = '{"jsonrpc":"2.0","method":"a"}';
  const batch = (count: number): string =>
    `[${`${notification},`.repeat(count - 1)}${notification}]`;
  assert.equal(read(batch(1000)).messages.length, 1000);
  assert.deepEqual(summary(read(batch(1001))), {
    kinds: [],
    defect: "a batch of more than 1000 messages",
    unclear: "CONTENT_TOO_LARGE",
  });
});

test("a line nested a million deep is read, not a stack overflow", () => {
  const depth = 1e6;
  const nested = `${"[".repeat(depth)}${"]".repeat(depth)}`;
  const line = read(`{"jsonrpc":"2.0","id":1,"result":${nested}}`);
  assert.deepEqual(summary(line), { kinds: ["result"], ...clean });
});
