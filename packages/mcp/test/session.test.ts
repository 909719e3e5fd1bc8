import assert from "node:assert/strict";
import { test } from "node:test";
import { SteleError } from "@stele/journal";
import { NOT_RECORDED } from "@stele/mcp";
import type { Entry } from "../src/entry.ts";
import { Session, type Passage, type WhenUnrecordable } from "../src/session.ts";
import { FakeClock, settle } from "./support/fake-clock.ts";

/** A session whose entries wait until they are released, or fail. */
class Bench {
  readonly entries: Entry[] = [];
  readonly logged: string[] = [];
  readonly clock = new FakeClock();
  readonly session: Session;
  readonly #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

  constructor(whenUnrecordable: WhenUnrecordable = "closed") {
    let ids = 0;
    this.session = new Session({
      record: async (entry) => {
        this.entries.push(entry);
        await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
      },
      whenUnrecordable,
      newId: () => `e${ids++}`,
      clock: this.clock,
      log: (line) => void this.logged.push(line),
    });
  }

  get types(): string[] {
    return this.entries.map(({ event }) => event.type);
  }

  data(index: number): { readonly [member: string]: unknown } {
    return this.entries.at(index)!.event.data;
  }

  release(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  fail(error: Error = new SteleError("DISK_FULL", "no space left")): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

const CALL = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"rm"}}\n';
const RESULT = '{"jsonrpc":"2.0","id":7,"result":{"content":[]}}\n';
const PING = '{"jsonrpc":"2.0","id":8,"method":"ping"}\n';

async function isDecided({ decision }: Passage): Promise<boolean> {
  let decided = false;
  void decision.then(() => {
    decided = true;
  });
  await settle();
  return decided;
}

async function replyTo({ decision }: Passage): Promise<unknown> {
  const { passes, reply } = await decision;
  assert.equal(passes, false);
  return reply.length === 0 ? undefined : JSON.parse(reply.toString());
}

test("a call passes only once its entry is on disk; the rest of the traffic does not wait", async () => {
  const bench = new Bench();
  const call = bench.session.fromClient(Buffer.from(CALL));
  const ping = bench.session.fromClient(Buffer.from(PING));
  assert.equal(await isDecided(call), false);
  assert.equal(await isDecided(ping), true);
  assert.deepEqual(bench.types, ["tool.call", "mcp.message"]);
  bench.release();
  assert.deepEqual(await call.decision, { passes: true, reply: Buffer.alloc(0) });
});

test("a result passes only once its entry is on disk", async () => {
  const bench = new Bench();
  bench.session.fromClient(Buffer.from(CALL));
  bench.release();
  await settle();
  const result = bench.session.fromServer(Buffer.from(RESULT));
  assert.equal(await isDecided(result), false);
  bench.release();
  assert.equal((await result.decision).passes, true);
});

test("the duration of a call begins when it is passed on", async () => {
  const bench = new Bench();
  bench.session.fromClient(Buffer.from(CALL));
  await bench.clock.pass(1000);
  bench.release();
  await settle();
  await bench.clock.pass(30);
  bench.session.fromServer(Buffer.from(RESULT));
  assert.equal(bench.data(-1)["durationMs"], 30);
});

test("closed: a call that cannot be recorded is refused, with the reason and the fix", async () => {
  const bench = new Bench("closed");
  const call = bench.session.fromClient(Buffer.from(CALL));
  bench.fail();
  const fix = "free space on the file system, then open the journal again";
  assert.deepEqual(await replyTo(call), {
    jsonrpc: "2.0",
    id: 7,
    error: {
      code: NOT_RECORDED,
      message: `Not passed on, because it cannot be recorded: no space left. To mend it: ${fix}.`,
      data: { steleCode: "DISK_FULL", fix },
    },
  });
  assert.equal(bench.data(-1)["outcome"], "refused");
  assert.equal(bench.entries.at(-1)?.event.parent, bench.entries[0]?.event.id);
});

test("closed: other traffic passes, recorded or not", async () => {
  const bench = new Bench("closed");
  const passages = [
    bench.session.fromClient(Buffer.from(PING)),
    bench.session.fromServer(Buffer.from('{"jsonrpc":"2.0","method":"notifications/message"}\n')),
  ];
  bench.fail();
  for (const { decision } of passages) assert.equal((await decision).passes, true);
});

test("closed: a call without an id is refused without an answer", async () => {
  const bench = new Bench("closed");
  const text = '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"rm"}}';
  const call = bench.session.fromClient(Buffer.from(text));
  bench.fail();
  assert.equal(await replyTo(call), undefined);
});

test("open: a call that cannot be recorded passes", async () => {
  const bench = new Bench("open");
  const call = bench.session.fromClient(Buffer.from(CALL));
  bench.fail();
  assert.equal((await call.decision).passes, true);
});

test("a result that cannot be recorded passes, loudly: the call has happened", async () => {
  const bench = new Bench("closed");
  bench.session.fromClient(Buffer.from(CALL));
  bench.release();
  await settle();
  const result = bench.session.fromServer(Buffer.from(RESULT));
  bench.fail();
  assert.equal((await result.decision).passes, true);
  assert.match(bench.logged[0]!, /UNRECORDED: DISK_FULL/);
});

test("a malformed line is recorded with its bytes before it passes", async () => {
  const bench = new Bench("closed");
  const line = bench.session.fromClient(Buffer.from("Hello?\r\n"));
  assert.equal(await isDecided(line), false);
  assert.deepEqual(bench.types, ["mcp.malformed"]);
  assert.deepEqual(bench.data(0), {
    from: "client",
    reason: "not JSON",
    passed: true,
    sizeBytes: 7,
    sha256: "a8bf9c7541f180e64262ff8e81dc467eb23e16e75be2b4e697a570de91392840",
  });
  assert.equal(Buffer.from(bench.entries[0]!.content!["line"]!.bytes).toString(), "Hello?\r");
  bench.release();
  assert.equal((await line.decision).passes, true);
});

test("closed: a malformed line that cannot be recorded might be read as a call: it does not pass", async () => {
  const bench = new Bench("closed");
  const line = bench.session.fromClient(Buffer.from("Hello?\n"));
  bench.fail();
  const reply = (await replyTo(line)) as { id: unknown };
  assert.equal(reply.id, null);
  const open = new Bench("open");
  const other = open.session.fromClient(Buffer.from("Hello?\n"));
  open.fail();
  assert.equal((await other.decision).passes, true);
});

const AMBIGUOUS =
  '{"jsonrpc":"2.0","id":7,"method":"ping","method":"tools/call","params":{"name":"rm"}}\n';

test("closed: a line that readers can take for different calls is refused, and its bytes are recorded", async () => {
  const bench = new Bench("closed");
  const reply = (await replyTo(bench.session.fromClient(Buffer.from(AMBIGUOUS)))) as {
    id: unknown;
    error: { data: { steleCode: string } };
  };
  assert.equal(reply.id, 7);
  assert.equal(reply.error.data.steleCode, "JSON_DUPLICATE_KEY");
  assert.deepEqual(bench.types, ["mcp.malformed"]);
  assert.equal(bench.data(0)["passed"], false);
});

test("open: it passes, recorded with its bytes and as the call that a JavaScript server sees", async () => {
  const bench = new Bench("open");
  const line = bench.session.fromClient(Buffer.from(AMBIGUOUS));
  assert.deepEqual(bench.types, ["mcp.malformed", "tool.call"]);
  assert.equal(await isDecided(line), false);
  bench.release();
  assert.equal((await line.decision).passes, true);
});

test("a batch passes when each of its calls is on disk, or is refused as a whole", async () => {
  const batch = Buffer.from(`[${CALL.trim()},${PING.trim()},${CALL.trim().replace("7", '"b"')}]\n`);
  const bench = new Bench("closed");
  const passing = bench.session.fromClient(batch);
  assert.deepEqual(bench.types, ["tool.call", "mcp.message", "tool.call"]);
  assert.equal(await isDecided(passing), false);
  bench.release();
  assert.equal((await passing.decision).passes, true);

  const refused = bench.session.fromClient(batch);
  bench.fail();
  const replies = (await replyTo(refused)) as { id: unknown; error: { code: number } }[];
  assert.deepEqual(
    replies.map(({ id }) => id),
    [7, 8, "b"],
  );
  assert.ok(replies.every(({ error }) => error.code === NOT_RECORDED));
});

test("a line too long to read: the client's is refused under closed, the server's passes", async () => {
  const size = { sizeBytes: 20_000_000, sha256: "ab".repeat(32) };
  const bench = new Bench("closed");
  assert.equal(bench.session.longLinePasses("client"), false);
  const reply = (await replyTo(bench.session.longLine("client", size))) as {
    id: unknown;
    error: { data: { steleCode: string } };
  };
  assert.equal(reply.id, null);
  assert.equal(reply.error.data.steleCode, "CONTENT_TOO_LARGE");
  assert.deepEqual(bench.data(0), {
    from: "client",
    reason: "longer than 16777216 bytes",
    passed: false,
    ...size,
  });
  assert.equal((await bench.session.longLine("server", size).decision).passes, true);
  assert.equal(new Bench("open").session.longLinePasses("client"), true);
});

test("opening and closing say what was run, how it ended, and which calls had no result", async () => {
  const bench = new Bench();
  bench.session.opened({ command: "server", args: ["--token", "secret"], pid: 42 });
  assert.deepEqual(bench.data(0), { command: "server", pid: 42, whenUnrecordable: "closed" });
  const commandLine = bench.entries[0]!.content!["commandLine"]!.bytes;
  assert.equal(Buffer.from(commandLine).toString(), '["server","--token","secret"]');
  bench.session.fromClient(Buffer.from(CALL));
  bench.session.fromClient(Buffer.from(CALL.replace("7", "9")));
  bench.session.fromServer(Buffer.from(RESULT));
  await bench.clock.pass(500);
  const closed = bench.session.closed({ exitCode: null, signal: "SIGKILL" });
  bench.release();
  await closed;
  assert.deepEqual(bench.data(-1), {
    exitCode: null,
    signal: "SIGKILL",
    durationMs: 500,
    counts: { "mcp.opened": 1, "tool.call": 2, "tool.result.ok": 1, "mcp.closed": 1 },
    unanswered: { count: 1, calls: [bench.entries[2]!.event.id] },
    protocolVersion: undefined,
    client: undefined,
    server: undefined,
  });
});

test("a closing entry stays small however many calls wait", async () => {
  const bench = new Bench();
  for (let id = 0; id < 5000; id++)
    bench.session.fromClient(Buffer.from(CALL.replace("7", `${id}`)));
  const closed = bench.session.closed({ exitCode: 0, signal: null });
  bench.release();
  await closed;
  const { count, calls } = bench.data(-1)["unanswered"] as { count: number; calls: string[] };
  assert.equal(count, 5000);
  assert.equal(calls.length, 100);
});

const DEEP = "[".repeat(200_000) + "]".repeat(200_000);

test("ids of 64 bits, which no double holds, are told apart, and refused by their own name", async () => {
  const bench = new Bench("closed");
  const ids = ["1700000000000000123", "1700000000000000124"];
  for (const id of ids) bench.session.fromClient(Buffer.from(CALL.replace("7", id)));
  bench.release();
  await settle();
  for (const id of ids.toReversed()) {
    bench.session.fromServer(Buffer.from(RESULT.replace("7", id)));
  }
  const [first, second, ...results] = bench.entries.map(({ event }) => event);
  assert.deepEqual(
    [first, second].map((call) => call!.data["requestId"]),
    ids,
  );
  assert.equal(second!.data["idInUse"], undefined);
  assert.deepEqual(
    results.map(({ parent }) => parent),
    [second!.id, first!.id],
  );
  bench.release();
  const call = bench.session.fromClient(Buffer.from(CALL.replace("7", ids[0]!)));
  bench.fail();
  assert.match((await call.decision).reply.toString(), /"id":1700000000000000123,/);
});

test("values nested so deep that they cannot be written again end nothing", async () => {
  const lines = [
    `{"jsonrpc":"2.0","id":${DEEP},"method":"ping"}\n`,
    `{"jsonrpc":"2.0","id":${DEEP},"method":"tools/call","params":{"name":${DEEP}}}\n`,
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${DEEP}}}\n`,
    `{"jsonrpc":"2.0","id":1,"method":"tasks/result","params":{"taskId":${DEEP}}}\n`,
    `{"jsonrpc":"2.0","id":7,"error":{"code":${DEEP},"message":""}}\n`,
  ];
  const bench = new Bench("closed");
  bench.session.fromClient(Buffer.from(CALL));
  const passages = lines.flatMap((line) => [
    bench.session.fromServer(Buffer.from(line)),
    bench.session.fromClient(Buffer.from(line)),
  ]);
  bench.release();
  for (const { decision } of passages) assert.equal((await decision).passes, true);
  const refused = bench.session.fromClient(Buffer.from(lines[1]!));
  bench.fail();
  assert.ok((await refused.decision).reply.includes(`"id":${DEEP},`));
});
