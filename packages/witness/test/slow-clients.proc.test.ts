import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { TestLog } from "./support/log.ts";
import { TestWitness } from "./support/witnesses.ts";

const log = new TestLog();

/** Sends the text, and then something every second; how long it took until the other side hung up. */
async function lastsMs(url: string, start: string, drip: string): Promise<number> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const startMs = performance.now();
  socket.write(start);
  const dripping = setInterval(() => {
    if (drip !== "") socket.write(drip);
  }, 1000);
  const gone = Promise.withResolvers<void>();
  socket.on("error", () => undefined);
  socket.on("close", () => gone.resolve());
  socket.resume();
  await gone.promise;
  clearInterval(dripping);
  return performance.now() - startMs;
}

test("clients that are slow are cut off, and do not keep others from being answered", async () => {
  await using witness = await TestWitness.start([log.vkey]);
  const head = "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n";
  const body = `${head}Content-Length: 1000\r\n\r\n`;
  const slow = Promise.all([
    lastsMs(witness.url, "", ""),
    lastsMs(witness.url, head, ""),
    lastsMs(witness.url, head, "X-More: more\r\n"),
    lastsMs(witness.url, body, "a"),
  ]);
  assert.equal((await witness.post(log.request(0, 1))).status, 200);
  for (const ms of await slow) assert.ok(ms < 20_000, `${ms} ms`);
});

test("more connections than there may be are refused, and later ones are taken", async () => {
  await using witness = await TestWitness.start([log.vkey]);
  const port = Number(new URL(witness.url).port);
  const idle = await Promise.all(
    Array.from({ length: 256 }, async () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      await new Promise((resolve) => socket.once("connect", resolve));
      return socket;
    }),
  );
  await assert.rejects(witness.post(log.request(0, 1)));
  for (const socket of idle) socket.destroy();
  for (let attempt = 0; ; attempt++) {
    const answer = await witness.post(log.request(0, 1)).catch(() => undefined);
    if (answer) return assert.equal(answer.status, 200);
    assert.ok(attempt < 100, "it takes none any more");
  }
});
