import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation, type Side } from "../src/conversation.ts";
import type { Entry } from "../src/entry.ts";
import { readLine } from "../src/message.ts";

/** A conversation with ids e0, e1, ... and a clock that says how often it was asked. */
function converse(): {
  conversation: Conversation;
  say: (from: Side, message: object) => Entry[];
} {
  let ids = 0;
  let now = 0;
  const conversation = new Conversation({
    newId: () => `e${ids++}`,
    monotonicMs: () => now++,
  });
  const say = (from: Side, message: object): Entry[] => {
    const line = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
    return readLine(line).messages.flatMap((one) => conversation.read(from, one, line));
  };
  return { conversation, say };
}

function call(id: unknown, name = "rm", more: object = {}): object {
  return { id, method: "tools/call", params: { name, arguments: { path: "/" }, ...more } };
}

/** The types of the entries, results with their outcome. */
function types(entries: readonly Entry[]): string[] {
  return entries.map(({ event: { type, data } }) =>
    type === "tool.result" ? `${type} ${String(data["outcome"])}` : type,
  );
}

/** As a journal stores it. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function text(entry: Entry | undefined, name: string): string | undefined {
  const content = entry?.content?.[name];
  return content && Buffer.from(content.bytes).toString();
}

test("a call and its result, with exact bytes and a link", () => {
  const { conversation, say } = converse();
  const [made] = say("client", call(7));
  assert.deepEqual(asJson(made?.event), {
    type: "tool.call",
    id: "e0",
    data: { tool: "rm", requestId: 7, sizeBytes: 94, argumentsBytes: 12 },
  });
  assert.equal(made?.gates, true);
  assert.equal(text(made, "arguments"), '{"path":"/"}');
  assert.deepEqual(
    conversation.unanswered().map(({ id }) => id),
    ["e0"],
  );

  const [result] = say("server", { id: 7, result: { content: [] } });
  assert.deepEqual(asJson(result?.event), {
    type: "tool.result",
    id: "e1",
    parent: "e0",
    data: { tool: "rm", requestId: 7, durationMs: 1, outcome: "ok", sizeBytes: 48 },
  });
  assert.equal(result?.gates, true);
  assert.equal(text(result, "result"), '{"content":[]}');
  assert.deepEqual(conversation.unanswered(), []);
});

test("the outcome of an answer", () => {
  const cases: [object, string][] = [
    [{ result: { content: [] } }, "ok"],
    [{ result: { content: [], isError: false } }, "ok"],
    [{ result: { content: [], isError: true } }, "tool_error"],
    [{ result: { content: [], resultType: "complete" } }, "ok"],
    [{ result: { resultType: "input_required", requestState: "s" } }, "input_required"],
    [{ result: { resultType: "something/new" } }, "deferred"],
    [{ result: { task: { taskId: "t", status: "working" } } }, "deferred"],
    [{ result: "text" }, "protocol_error"],
    [{ error: { code: -32602, message: "Unknown tool" } }, "protocol_error"],
  ];
  for (const [answer, outcome] of cases) {
    const { say } = converse();
    say("client", call(1));
    assert.equal(say("server", { id: 1, ...answer })[0]?.event.data["outcome"], outcome);
  }
});

test("an error is kept, with its code", () => {
  const { say } = converse();
  say("client", call(1));
  const [result] = say("server", { id: 1, error: { code: -32602, message: "Unknown tool" } });
  assert.equal(result?.event.data["errorCode"], -32602);
  assert.equal(text(result, "error"), '{"code":-32602,"message":"Unknown tool"}');
});

test('ids keep their type: 1 and "1" are different calls', () => {
  const { say } = converse();
  const [number] = say("client", call(1));
  const [string] = say("client", call("1"));
  assert.equal(say("server", { id: "1", result: {} })[0]?.event.parent, string?.event.id);
  assert.equal(say("server", { id: 1, result: {} })[0]?.event.parent, number?.event.id);
  assert.equal(number?.event.data["requestId"], 1);
  assert.equal(string?.event.data["requestId"], "1");
});

test("answers in another order than the calls", () => {
  const { say } = converse();
  const made = [1, 2, 3].map((id) => say("client", call(id))[0]?.event.id);
  const answered = [3, 1, 2].map((id) => say("server", { id, result: {} })[0]?.event.parent);
  assert.deepEqual(answered, [made[2], made[0], made[1]]);
});

test("an id that is in use already: both calls are recorded, the answers go to the older first", () => {
  const { say } = converse();
  const [first] = say("client", call(1));
  const [second] = say("client", call(1));
  assert.equal(second?.event.data["idInUse"], true);
  assert.equal(say("server", { id: 1, result: {} })[0]?.event.parent, first?.event.id);
  assert.equal(say("server", { id: 1, result: {} })[0]?.event.parent, second.event.id);
  assert.deepEqual(types(say("server", { id: 1, result: {} })), ["mcp.message"]);
});

test("a cancelled call has its result at once; what still comes is late", () => {
  const { conversation, say } = converse();
  const [made] = say("client", call(1));
  const cancel = { method: "notifications/cancelled", params: { requestId: 1 } };
  const cancelled = say("client", cancel);
  assert.deepEqual(types(cancelled), ["mcp.message", "tool.result cancelled"]);
  assert.equal(cancelled[1]?.event.parent, made?.event.id);
  assert.equal(cancelled[1]?.gates, false);
  assert.deepEqual(conversation.unanswered(), []);
  assert.deepEqual(types(say("client", cancel)), ["mcp.message"], "the second says nothing new");

  const [late] = say("server", { id: 1, result: {} });
  assert.equal(late?.event.parent, made?.event.id);
  assert.equal(late?.event.data["outcome"], "ok");
  assert.equal(late?.event.data["late"], true);
});

test("only the client's cancellation of its own call counts", () => {
  const { say } = converse();
  say("client", call(1));
  say("client", { id: 2, method: "resources/read" });
  const cancel = (requestId: unknown): object => ({
    method: "notifications/cancelled",
    params: { requestId },
  });
  assert.deepEqual(types(say("server", cancel(1))), ["mcp.message"]);
  assert.deepEqual(types(say("client", cancel(2))), ["mcp.message"]);
  assert.deepEqual(types(say("client", cancel("1"))), ["mcp.message"]);
  assert.deepEqual(types(say("server", { id: 1, result: {} })), ["tool.result ok"]);
});

test("a call without an id is a call; it waits for nothing", () => {
  const { conversation, say } = converse();
  const [made] = say("client", { method: "tools/call", params: { name: "rm" } });
  assert.equal(made?.event.type, "tool.call");
  assert.equal(made?.gates, true);
  assert.deepEqual(conversation.unanswered(), []);
});

test("other messages: direction, method, id and size", () => {
  const { say } = converse();
  assert.deepEqual(asJson(say("client", { id: 1, method: "tools/list" })[0]?.event.data), {
    from: "client",
    kind: "request",
    method: "tools/list",
    requestId: 1,
    sizeBytes: 46,
  });
  const [answer] = say("server", { id: 1, result: { tools: [] } });
  assert.equal(answer?.event.data["method"], "tools/list", "an answer has its request's method");
  assert.equal(answer?.gates, false);
});

test("requests of the server have ids of their own", () => {
  const { say } = converse();
  const [made] = say("client", call(1));
  say("server", { id: 1, method: "elicitation/create" });
  const [answer] = say("client", { id: 1, result: { action: "accept" } });
  assert.deepEqual(types([answer!]), ["mcp.message"]);
  assert.equal(answer?.event.data["method"], "elicitation/create");
  assert.equal(say("server", { id: 1, result: {} })[0]?.event.parent, made?.event.id);
});

test("up to 2025-11-25 the handshake says who the two are", () => {
  const { say } = converse();
  say("client", {
    id: 0,
    method: "initialize",
    params: { protocolVersion: "2026-01-01", clientInfo: { name: "c", version: "1" } },
  });
  const entries = say("server", {
    id: 0,
    result: { protocolVersion: "2025-11-25", serverInfo: { name: "s", version: "2" } },
  });
  assert.deepEqual(types(entries), ["mcp.message", "mcp.peers"]);
  assert.deepEqual(entries[1]?.event.data, {
    protocolVersion: "2025-11-25",
    client: { name: "c", version: "1" },
    server: { name: "s", version: "2" },
  });
  const [made] = say("client", call(1));
  assert.equal(made?.event.data["server"], "s");
  assert.equal(made?.event.data["protocolVersion"], "2025-11-25");
});

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "c", version: "1" },
};

test("from 2026-07-28 on every request says it", () => {
  const { say } = converse();
  const [made] = say("client", call(0, "rm", { _meta: META }));
  assert.equal(made?.event.data["protocolVersion"], "2026-07-28");
  const serverInfo = { name: "s", version: "2" };
  const result = {
    resultType: "complete",
    _meta: { "io.modelcontextprotocol/serverInfo": serverInfo },
  };
  const entries = say("server", { id: 0, result });
  assert.deepEqual(types(entries), ["tool.result ok", "mcp.peers"]);
  assert.deepEqual(entries[1]?.event.data, {
    protocolVersion: "2026-07-28",
    client: { name: "c", version: "1" },
    server: serverInfo,
  });
  say("client", call(1, "rm", { _meta: META }));
  assert.deepEqual(types(say("server", { id: 1, result })), ["tool.result ok"], "nothing new");
});

test("a version that the server refuses is not agreed on", () => {
  const { conversation, say } = converse();
  say("client", { id: 0, method: "server/discover", params: { _meta: META } });
  say("server", { id: 0, error: { code: -32601, message: "Method not found" } });
  assert.equal(conversation.peers.protocolVersion, undefined);
});

test("a retry with more input is linked to the call that asked for it, by the state", () => {
  const { say } = converse();
  const [first] = say("client", call(1));
  say("client", call(2));
  say("server", { id: 1, result: { resultType: "input_required", requestState: "one" } });
  say("server", { id: 2, result: { resultType: "input_required", requestState: "two" } });
  const [retry] = say("client", call(3, "rm", { requestState: "one", inputResponses: { a: 1 } }));
  assert.equal(retry?.event.parent, first?.event.id);
  assert.equal(text(retry, "inputResponses"), '{"a":1}');
  say("server", { id: 3, result: { resultType: "input_required", requestState: "three" } });
  const [again] = say("client", call(4, "rm", { requestState: "three" }));
  assert.equal(again?.event.parent, retry?.event.id);
});

test("where there is no state, by the same tool and arguments", () => {
  const { say } = converse();
  const [first] = say("client", call(1));
  say("server", { id: 1, result: { resultType: "input_required", inputRequests: {} } });
  assert.equal(say("client", call(2))[0]?.event.parent, undefined, "a new call is no retry");
  const other = say("client", call(3, "ls", { inputResponses: {} }))[0];
  assert.equal(other?.event.parent, undefined);
  const retry = say("client", call(4, "rm", { inputResponses: {} }))[0];
  assert.equal(retry?.event.parent, first?.event.id);
});

test("the result that a task has later is the call's result too (2025-11-25)", () => {
  const { say } = converse();
  const [made] = say("client", call(1, "rm", { task: { ttl: 1000 } }));
  const task = { taskId: "t1", status: "working" };
  assert.deepEqual(types(say("server", { id: 1, result: { task } })), ["tool.result deferred"]);
  const fetch = say("client", { id: 2, method: "tasks/result", params: { taskId: "t1" } });
  assert.deepEqual(types(fetch), ["mcp.message"]);
  const [result] = say("server", { id: 2, result: { content: [], isError: true } });
  assert.equal(result?.event.parent, made?.event.id);
  assert.equal(result?.event.data["outcome"], "tool_error");
});

test("a refused call waits for no answer", () => {
  const { conversation, say } = converse();
  const [made] = say("client", call(1));
  const refused = conversation.refuse(made!, "DISK_FULL");
  assert.deepEqual(types([refused!]), ["tool.result refused"]);
  assert.equal(refused?.event.parent, made?.event.id);
  assert.equal(refused?.event.data["reason"], "DISK_FULL");
  assert.deepEqual(conversation.unanswered(), []);
  const [other] = say("client", { id: 2, method: "ping" });
  assert.equal(conversation.refuse(other!, "DISK_FULL"), undefined);
  assert.equal(say("server", { id: 2, result: {} })[0]?.event.data["method"], undefined);
});

test("nothing from the wire makes an event large", () => {
  const { say } = converse();
  const long = "\u0000".repeat(100_000);
  const info = { name: long, version: long };
  const entries = [
    ...say("client", { id: long, method: "initialize", params: { clientInfo: info } }),
    ...say("server", { id: long, result: { protocolVersion: long, serverInfo: info } }),
    ...say("client", call(long, long)),
    ...say("server", { id: long, error: { code: long, message: long } }),
    ...say("client", { method: long }),
  ];
  assert.equal(entries.length, 6);
  for (const { event } of entries) assert.ok(JSON.stringify(event).length < 16_384, event.type);
});

test("lone surrogates and odd ids come out as JSON that a journal takes", () => {
  const { say } = converse();
  const [lone] = say("client", { id: "\ud800", method: "a\udfff" });
  assert.equal(lone?.event.data["requestId"], "\ufffd");
  assert.equal(lone?.event.data["method"], "a\ufffd");
  const { conversation } = converse();
  const line = Buffer.from('{"jsonrpc":"2.0","id":1e999,"method":"a"}');
  const [huge] = conversation.read("client", readLine(line).messages[0]!, line);
  assert.equal(huge?.event.data["requestId"], "1e999");
});
