import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import { NOT_RECORDED, systemClock } from "@stele/mcp";
import { SteleError } from "@stele/journal";
import fc from "fast-check";
import { FAKE_SERVER, Wire } from "./support/wire.ts";

const FULL = new SteleError("DISK_FULL", "no space left");
const MAX_LINE = 16 * 1024 * 1024;

function call(id: number, name = "echo", args: object = {}): object {
  return { id, method: "tools/call", params: { name, arguments: args } };
}

/** A tools/call whose line has exactly so many bytes, without the newline. */
function callOfSize(sizeBytes: number): string {
  const text = (filler: string): string =>
    JSON.stringify({ jsonrpc: "2.0", ...call(1, "echo", { filler }) });
  return text("x".repeat(sizeBytes - text("").length));
}

function sha256(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function data(event: { data?: unknown } | undefined): Record<string, unknown> {
  return event?.data as Record<string, unknown>;
}

for (const [whenUnrecordable, ...more] of [["open", "\r"], ["closed"]] as const) {
  test(`${whenUnrecordable}: any bytes in any chunks come out unchanged at the other end, and back`, async () => {
    const message = '{"jsonrpc":"2.0","method":"a"}';
    const letters = fc.constantFrom(message, "\n", "[", "x", "\xff", "\0", ...more);
    const chunk = fc.array(letters).map((list) => Buffer.from(list.join(""), "latin1"));
    const property = fc.asyncProperty(fc.array(chunk), async (sent) => {
      const wire = new Wire().start(["cat"], { whenUnrecordable });
      for (const bytes of sent) wire.stdin.write(bytes);
      assert.equal(await wire.finish(), 0);
      assert.deepEqual(wire.heard, Buffer.concat(sent));
    });
    await fc.assert(property, { numRuns: 15 });
  });
}

test("a binary flood passes unchanged, and each of its lines is on record, both ways", async () => {
  const wire = new Wire().start(["cat"]);
  const flood = randomBytes(3_000_000);
  wire.stdin.write(flood);
  assert.equal(await wire.finish(), 0);
  assert.equal(sha256(wire.heard), sha256(flood));
  const lines = flood.toString("latin1").split("\n").length;
  assert.equal(wire.disk.of("mcp.malformed").length, 2 * lines);
});

test("a line of 16 MiB is a call like any other", async () => {
  const wire = new Wire().start(["cat"]);
  const line = callOfSize(MAX_LINE);
  wire.stdin.write(`${line}\n`);
  assert.equal(await wire.finish(), 0);
  assert.equal(sha256(wire.heard), sha256(`${line}\n`));
  const [made] = wire.disk.of("tool.call");
  assert.equal(data(made)["sizeBytes"], MAX_LINE);
});

test("a longer line cannot be read: under open it passes, with its size and hash on record", async () => {
  const wire = new Wire().start(["cat"], { whenUnrecordable: "open" });
  const line = callOfSize(MAX_LINE + 1);
  wire.stdin.write(`${line}\n`);
  wire.say({ method: "after" });
  assert.equal(await wire.finish(), 0);
  assert.equal(sha256(wire.heard), sha256(`${line}\n{"jsonrpc":"2.0","method":"after"}\n`));
  const records = wire.disk.of("mcp.malformed").map(data);
  assert.deepEqual(
    records.map(({ from, passed }) => [from, passed]),
    [
      ["client", true],
      ["server", true],
    ],
  );
  for (const { sizeBytes, sha256: hash } of records) {
    assert.deepEqual([sizeBytes, hash], [MAX_LINE + 1, sha256(line)]);
  }
});

test("under closed it is refused, because it could be a call", async () => {
  const wire = new Wire().start(["cat"]);
  wire.stdin.write(`${callOfSize(MAX_LINE + 1)}\n`);
  wire.say({ method: "after" });
  assert.equal(await wire.finish(), 0);
  const [first, ...others] = wire.heard
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  const answers = [first, ...others].filter((message) => "error" in message!);
  assert.equal(answers.length, 1);
  assert.ok(others.length === 1, "what comes after passes");
  assert.equal(data(wire.disk.of("mcp.malformed")[0])["passed"], false);
});

test("a refusal is never written into the middle of a line", async () => {
  const script = `
    process.stdout.write("y".repeat(${MAX_LINE + 1}));
    process.stdin.once("data", () => process.stdout.write("end\\n"));
    process.stdin.on("end", () => process.exit(0));`;
  const wire = new Wire().start([process.execPath, "-e", script]);
  await wire.until(() => wire.heard.length > MAX_LINE);
  wire.stdin.write('{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call"}\n');
  wire.say({ method: "go on" });
  await wire.until(() => wire.heard.includes(`${NOT_RECORDED}`));
  await wire.finish();
  const lines = wire.heard.toString().trim().split("\n");
  assert.equal(lines.length, 2);
  assert.ok(lines[0]!.endsWith("yend"));
});

test("lines keep their order, whatever has to wait for the disk", async () => {
  const wire = new Wire().start(["cat"]);
  await wire.until(() => wire.disk.opened > 0);
  const expected: string[] = [];
  for (let round = 0; round < 50; round++) {
    let release = (): void => undefined;
    wire.disk.hold = new Promise((resolve) => {
      release = resolve;
    });
    const messages = [
      call(round),
      { method: `m${round}` },
      call(1000 + round),
      { id: `i${round}`, method: "ping" },
    ];
    wire.say(...messages);
    expected.push(...messages.map((message) => JSON.stringify({ jsonrpc: "2.0", ...message })));
    await systemClock.delay(1);
    release();
  }
  wire.disk.hold = undefined;
  await wire.finish();
  assert.deepEqual(wire.heard.toString().trim().split("\n"), expected);
});

test("a call is on record before the server sees it, its result before the client does", async () => {
  const wire = new Wire().start(FAKE_SERVER);
  await wire.until(() => wire.disk.events.length > 0);
  let release = (): void => undefined;
  wire.disk.hold = new Promise((resolve) => {
    release = resolve;
  });
  wire.say(call(1));
  await systemClock.delay(200);
  assert.equal(wire.heard.length, 0);
  assert.equal(wire.disk.of("tool.call").length, 0);
  wire.disk.hold = undefined;
  release();
  await wire.until(() => wire.heard.length > 0);
  assert.deepEqual(
    wire.disk.events.map(({ type }) => type),
    ["mcp.opened", "tool.call", "tool.result"],
  );
  await wire.finish();
});

test("a client that does not listen stops the server, not the machine", async () => {
  const wire = new Wire();
  wire.start(["yes", "x".repeat(99_999)], { listens: false });
  let read = -1;
  await wire.until(() => wire.disk.of("mcp.malformed").length > 300);
  while (read !== wire.disk.events.length) {
    read = wire.disk.events.length;
    await systemClock.delay(300);
  }
  assert.ok(read < 500, `${read} lines of 100 kB read`);
  wire.signals.emit("SIGTERM", "SIGTERM");
  wire.stdout.resume();
  assert.equal(await wire.status(), 143);
});

test("a disk that does not answer stops the client", async () => {
  const line = Buffer.from(`{"jsonrpc":"2.0","method":"${"x".repeat(1_000_000)}"}\n`);
  let taken = 0;
  const stdin = Readable.from(
    (function* () {
      for (; ; taken++) yield line;
    })(),
    { highWaterMark: 1 },
  );
  const wire = new Wire();
  let release = (): void => undefined;
  wire.disk.hold = new Promise((resolve) => {
    release = resolve;
  });
  wire.start(["sh", "-c", "exec cat >/dev/null"], { stdin });
  for (let seen = -1; taken === 0 || seen !== taken; await systemClock.delay(300)) seen = taken;
  assert.ok(taken >= 32 && taken < 40, `${taken} MB taken`);
  wire.signals.emit("SIGTERM", "SIGTERM");
  release();
  assert.equal(await wire.status(), 143);
});

test("exit status and signals are the server's", async () => {
  const died = new Wire().start(FAKE_SERVER);
  died.say(call(1, "hang"), call(2, "die", { status: 3 }));
  assert.equal(await died.status(), 3);
  const closing = data(died.disk.of("mcp.closed")[0]);
  assert.deepEqual([closing["exitCode"], closing["signal"]], [3, null]);
  const calls = died.disk.of("tool.call").map(({ id }) => id);
  assert.deepEqual(closing["unanswered"], { count: 2, calls });

  const killed = new Wire().start(FAKE_SERVER);
  await killed.until(() => killed.errors.includes("here"));
  killed.signals.emit("SIGTERM", "SIGTERM");
  assert.equal(await killed.status(), 128 + 15);
  assert.equal(data(killed.disk.of("mcp.closed")[0])["signal"], "SIGTERM");

  const handled = new Wire().start(FAKE_SERVER);
  await handled.until(() => handled.errors.includes("here"));
  handled.signals.emit("SIGINT", "SIGINT");
  assert.equal(await handled.status(), 5);
  assert.equal(handled.signals.listenerCount("SIGINT"), 0);
});

test("a server that cannot be started is on record, with the status a shell would give", async () => {
  const missing = new Wire().start(["./no-such-server"]);
  assert.equal(await missing.status(), 127);
  assert.match(missing.errors, /cannot be started: .*ENOENT/);
  assert.match(String(data(missing.disk.of("mcp.closed")[0])["failure"]), /ENOENT/);
  assert.equal(await new Wire().start(["/etc/passwd"]).status(), 126);
});

test("standard error passes, and the end of input reaches the server", async () => {
  const wire = new Wire().start(["sh", "-c", "echo oops >&2; cat >/dev/null; echo done"]);
  assert.equal(await wire.finish(), 0);
  await wire.until(() => wire.errors === "oops\n");
  assert.equal(wire.heard.toString(), "done\n");
});

test("a standard error that nobody reads ends nothing", async () => {
  const wire = new Wire().start(FAKE_SERVER, { whenUnrecordable: "open" });
  await wire.until(() => wire.disk.events.length > 0);
  wire.stderr.destroy();
  wire.disk.appendFailure = FULL;
  wire.say(call(1));
  await wire.until(() => wire.heard.includes('"id":1'));
  assert.equal(await wire.finish(), 0);
});

test("a grandchild that holds the output open does not hold the session", async () => {
  const wire = new Wire().start(["sh", "-c", "sleep 3 & echo last words"]);
  assert.equal(await wire.status(), 0);
  assert.equal(wire.heard.toString(), "last words\n");
});

test("a client that is gone ends the server's input; results are still recorded", async () => {
  const wire = new Wire().start(FAKE_SERVER);
  await wire.until(() => wire.errors.includes("here"));
  wire.say(call(1));
  wire.stdout.destroy();
  assert.equal(await wire.status(), 0);
});

test("a server that goes on without its client is cut off in the end", async () => {
  const delay = async (ms: number, signal?: AbortSignal): Promise<void> =>
    systemClock.delay(ms / 50, signal);
  const clock = { ...systemClock, delay };
  const wire = new Wire().start(["sh", "-c", "while :; do echo more; sleep 0.01; done"], { clock });
  await wire.until(() => wire.heard.includes("more"));
  wire.stdout.destroy();
  assert.equal(await wire.status(), 128 + 13);
});

test("half a line that the server did not live to see is no line", async () => {
  const wire = new Wire().start(FAKE_SERVER);
  wire.say(call(1));
  await wire.until(() => wire.heard.length > 0);
  wire.stdin.write('{"jsonrpc":');
  wire.signals.emit("SIGTERM", "SIGTERM");
  assert.equal(await wire.status(), 143);
  assert.deepEqual(wire.disk.of("mcp.malformed"), []);
});

test("closed: while the journal is broken calls are refused; once it is mended they pass again", async () => {
  const wire = new Wire().start(FAKE_SERVER);
  wire.say(call(1));
  await wire.until(() => wire.heard.includes('"id":1'));
  wire.disk.appendFailure = FULL;
  wire.disk.openFailure = FULL;
  wire.say(call(2), { method: "notifications/progress" });
  await wire.until(() => wire.heard.includes('"id":2'));
  assert.match(wire.heard.toString(), /"id":2,"error":\{"code":-31001.*DISK_FULL/);
  wire.disk.appendFailure = undefined;
  wire.disk.openFailure = undefined;
  await wire.until(() => wire.disk.of("stele.gap").length > 0);
  wire.say(call(3));
  await wire.until(() => wire.heard.includes('"id":3'));
  assert.equal(await wire.finish(), 0);
  const gap = data(wire.disk.of("stele.gap")[0]);
  assert.deepEqual(gap["types"], { "tool.call": 1, "mcp.message": 1, "tool.result": 1 });
  assert.deepEqual(gap["tools"], ["echo"]);
  assert.deepEqual(
    wire.disk.of("tool.call").map((made) => data(made)["requestId"]),
    [1, 3],
  );
});

test("open: they pass, the gap says what is missing, and the exit status is the server's", async () => {
  const wire = new Wire().start(FAKE_SERVER, { whenUnrecordable: "open" });
  await wire.until(() => wire.disk.events.length > 0);
  wire.disk.appendFailure = FULL;
  wire.disk.openFailure = FULL;
  wire.say(call(1), call(2));
  await wire.until(() => wire.heard.includes('"id":2'));
  assert.equal(wire.heard.includes("error"), false);
  assert.equal(await wire.finish(), 0);
  assert.match(wire.errors, /5 entries since .* are NOT in the journal \(DISK_FULL/);

  const never = new Wire();
  never.disk.openFailure = FULL;
  never
    .start(FAKE_SERVER, { whenUnrecordable: "open" })
    .say(call(1), call(2, "die", { status: 4 }));
  assert.equal(await never.status(), 4);
  assert.match(never.errors, /NOT in the journal/);
});

test("closed: without a journal nothing is started", async () => {
  const wire = new Wire();
  wire.disk.openFailure = new SteleError("JOURNAL_MISSING", "no journal");
  wire.start(["sh", "-c", "echo started >&2"]);
  await assert.rejects(wire.status(), { code: "JOURNAL_MISSING" });
  assert.equal(wire.errors, "");
});

test("a session id that no event can have is refused at once", async () => {
  for (const options of [{ session: "" }, { agent: "x".repeat(513) }]) {
    const wire = new Wire().start(["true"], options);
    await assert.rejects(wire.status(), { code: "OPTION_INVALID" });
    assert.equal(wire.disk.opened, 0);
  }
});
