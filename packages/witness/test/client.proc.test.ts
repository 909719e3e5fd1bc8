import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { join } from "node:path";
import { suite, test } from "node:test";
import { cosign } from "@stele/core/cosignature";
import { formatVerifierKey, signingKey, type SigningKey } from "@stele/core/key";
import type { WitnessClient, WitnessOutcome } from "@stele/journal/witnessing";
import { witnessClient, type WitnessClientOptions } from "@stele/witness";
import { primitives, TestLog } from "./support/log.ts";
import { fakeServer, TestWitness, timeOf } from "./support/witnesses.ts";

const log = new TestLog();
const quick = { requestTimeoutMs: 400, timeoutMs: 600, graceMs: 200 };

/** Where a policy's witness is, and its key. */
interface At {
  readonly vkey: string;
  readonly url: string;
}

function keyOf(number: number): SigningKey {
  const seed = new Uint8Array(32).fill(100 + number);
  return signingKey(primitives, `tests.example/w${number}`, seed, "cosignature");
}

/** A policy of witnesses w0, w1, … of which so many have to sign. */
function policyOf(witnesses: readonly At[], quorum: number): string {
  const names = witnesses.map((_, index) => `w${index}`);
  const lines = witnesses.map(({ vkey, url }, index) => `witness w${index} ${vkey} ${url}`);
  return [...lines, `group g ${quorum} ${names.join(" ")}`, "quorum g", ""].join("\n");
}

function clientOf(
  witnesses: readonly At[],
  quorum = witnesses.length,
  options: WitnessClientOptions = {},
): WitnessClient {
  return witnessClient(policyOf(witnesses, quorum), options);
}

async function cosigned(
  client: WitnessClient,
  size: number,
  from: TestLog = log,
): Promise<WitnessOutcome> {
  return client.cosign(from.checkpoint(size), async (oldSize) => from.prove(oldSize, size));
}

/** What a witness that nobody should trust says, as w0; and what the client makes of it. */
async function outcomeOf(
  listener: RequestListener,
  options: WitnessClientOptions = {},
): Promise<WitnessOutcome> {
  await using server = await fakeServer(listener);
  const vkey = formatVerifierKey(keyOf(0));
  return await cosigned(clientOf([{ vkey, url: server.url }], 1, options), 5);
}

async function failureOf(
  listener: RequestListener,
  options: WitnessClientOptions = {},
): Promise<string> {
  const { cosignatures, satisfied, failures } = await outcomeOf(listener, options);
  assert.deepEqual([cosignatures, satisfied, failures.length], [[], false, 1]);
  assert.equal(failures[0]!.witness, "w0");
  assert.ok(!("ahead" in failures[0]!));
  return failures[0]!.reason;
}

function answering(status: number, body: string, type = "text/plain"): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { "content-type": type });
    response.end(body);
  };
}

suite("a client of one witness", () => {
  test("gets checkpoint after checkpoint signed", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    const client = clientOf([witness]);
    for (const size of [0, 1, 3, 3, 8, 64]) {
      const { cosignatures, satisfied, failures } = await cosigned(client, size);
      assert.deepEqual([satisfied, failures], [true, []]);
      assert.equal(cosignatures.length, 1);
      assert.ok(witness.timeOf(log.text(size), cosignatures[0]!) > 0);
    }
  });

  test("that starts anew learns what the witness knows", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    await cosigned(clientOf([witness]), 5);
    assert.ok((await cosigned(clientOf([witness]), 9)).satisfied);
    assert.ok((await cosigned(clientOf([witness]), 9)).satisfied);
  });

  test("asks for a proof once for each size, and none for what needs none", async () => {
    await using first = await TestWitness.start([log.vkey]);
    await using second = await TestWitness.start([log.vkey], {}, "tests.example/second");
    const client = clientOf([first, second]);
    const asked: number[] = [];
    for (const size of [4, 4, 9]) {
      const prove = async (oldSize: number): Promise<ReturnType<TestLog["proof"]>> => {
        asked.push(oldSize);
        return log.prove(oldSize, size);
      };
      assert.ok((await client.cosign(log.checkpoint(size), prove)).satisfied);
    }
    assert.deepEqual(asked, [4]);
  });

  test("hears that the witness is ahead: the log lost entries", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    await cosigned(clientOf([witness]), 9);
    const { cosignatures, satisfied, failures } = await cosigned(clientOf([witness]), 5);
    assert.deepEqual([cosignatures, satisfied], [[], false]);
    assert.deepEqual(
      failures.map(({ witness: name, ahead }) => [name, ahead]),
      [["w0", 9]],
    );
    assert.match(failures[0]!.reason, /larger tree, of 9 entries/);
  });

  test("does not take its own newer checkpoint for a loss", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    const client = clientOf([witness]);
    await cosigned(client, 9);
    const { failures } = await cosigned(client, 5);
    assert.equal(failures[0]?.ahead, undefined);
    assert.match(failures[0]!.reason, /newer checkpoint/);
    assert.ok((await cosigned(client, 10)).satisfied);
  });

  test("hears that the witness has signed another history", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    await cosigned(clientOf([witness]), 5);
    const fork = new TestLog({ forkAt: 3 });
    const same = await cosigned(clientOf([witness]), 5, fork);
    assert.match(same.failures[0]!.reason, /HTTP 422.*split view/);
    const larger = await cosigned(clientOf([witness]), 8, fork);
    assert.match(larger.failures[0]!.reason, /HTTP 422.*proof/);
    assert.ok(!same.satisfied && !larger.satisfied);
  });

  test("hears what to do about an unknown log, and a key after a rotation", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    const unknown = await cosigned(clientOf([witness]), 5, new TestLog({ origin: "new.example" }));
    assert.match(unknown.failures[0]!.reason, /does not watch this log.*stele witness add.*404/);
    const rotated = await cosigned(clientOf([witness]), 5, new TestLog({ seed: 2 }));
    assert.match(rotated.failures[0]!.reason, /rotate-key.*stele witness add.*403/);
  });

  test("goes on when the witness comes back, also with an older state", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    const client = clientOf([witness], 1, quick);
    await cosigned(client, 5);
    const file = join(witness.directory, "checkpoints", log.hash);
    const old = readFileSync(file);
    await cosigned(client, 9);
    await witness.close();
    assert.match((await cosigned(client, 10)).failures[0]!.reason, /ECONNREFUSED/);
    writeFileSync(file, old);
    await witness.serve({ port: Number(new URL(witness.url).port) });
    assert.ok((await cosigned(client, 11)).satisfied);
  });
});

suite("a client of a witness that lies", () => {
  const own = keyOf(0);
  const text = log.text(5);

  test("takes the witness's own line alone, whatever stands around it", async () => {
    const line = cosign(primitives, own, text, 1000);
    const strange = cosign(primitives, keyOf(1), text, 1000);
    const { cosignatures, satisfied } = await outcomeOf(answering(200, strange + line + strange));
    assert.deepEqual([cosignatures, satisfied], [[line], true]);
    assert.equal(timeOf(formatVerifierKey(own), text, cosignatures[0]!), 1000);
  });

  test("refuses a signature by another key, over another text, or of no time", async () => {
    const bodies = [
      cosign(primitives, keyOf(1), text, 1000),
      cosign(primitives, own, log.text(4), 1000),
      cosign(primitives, own, new TestLog({ forkAt: 2 }).text(5), 1000),
      cosign(primitives, own, text, 0),
      cosign(primitives, own, text, 1000) + cosign(primitives, own, log.text(4), 1000),
      cosign(primitives, signingKey(primitives, own.name, keyOf(1).seed, "cosignature"), text, 1),
    ];
    for (const body of bodies) {
      assert.match(await failureOf(answering(200, body)), /its answer/);
    }
  });

  test("refuses a signature over a text that its answer adds to", async () => {
    const longer = `${text}\nmore\n`;
    const body = `more\n\n${cosign(primitives, own, longer, 1000)}`;
    assert.match(await failureOf(answering(200, body)), /its answer/);
  });

  test("refuses answers that are none", async () => {
    const line = cosign(primitives, own, text, 1000);
    for (const body of ["", "ok", "\n", line.trimEnd(), `\n${line}`, "\u0000", "<html>"]) {
      assert.match(await failureOf(answering(200, body)), /its answer/, body);
    }
    assert.match(await failureOf(answering(204, "")), /HTTP 204/);
    assert.match(await failureOf(answering(500, "a\u001b[31mb\nmore")), /HTTP 500: a\?\[31mb\)$/);
    assert.match(await failureOf(answering(429, "")), /too much to do/);
  });

  test("reads no more than an answer may have", async () => {
    let sent = 0;
    const endless = (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(65_536))) sent += 65_536;
        sent += 65_536;
      };
      response.on("drain", more);
      more();
    };
    assert.match(await failureOf(endless), /more than 16384 bytes/);
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes`);
  });

  test("follows no redirect", async () => {
    let followed = 0;
    await using elsewhere = await fakeServer((_request, response) => {
      followed++;
      answering(200, cosign(primitives, own, text, 1000))(_request, response);
    });
    for (const status of [301, 302, 307, 308]) {
      const redirect: RequestListener = (_request, response) => {
        response.writeHead(status, { location: `${elsewhere.url}/add-checkpoint` });
        response.end();
      };
      assert.match(await failureOf(redirect), new RegExp(`HTTP ${status}`));
    }
    assert.equal(followed, 0);
  });

  test("gives up on a 409 that makes no sense, or never ends", async () => {
    for (const body of ["", "5", "x\n", "-1\n", "05\n", "1e3\n", "9007199254740992\n", "4\n5\n"]) {
      assert.match(await failureOf(answering(409, body, "text/x.tlog.size")), /without a size/);
    }
    assert.match(await failureOf(answering(409, "3\n")), /another tree.*HTTP 409/);
    assert.match(await failureOf(answering(409, "0\n", "text/x.tlog.size")), /says otherwise/);
    let requests = 0;
    const fickle: RequestListener = (request, response) => {
      requests++;
      answering(
        409,
        `${1 + (requests % 3)}\n`,
        "text/x.tlog.size; charset=utf-8",
      )(request, response);
    };
    assert.match(await failureOf(fickle), /3 times/);
    assert.equal(requests, 3);
  });
});

suite("a client of several witnesses", () => {
  test("is satisfied with the quorum, and says who did not sign and why", async () => {
    await using first = await TestWitness.start([log.vkey]);
    await using second = await TestWitness.start([log.vkey], {}, "tests.example/second");
    await using down = await fakeServer(answering(200, ""));
    const { url } = down;
    await down[Symbol.asyncDispose]();
    const third = { vkey: formatVerifierKey(keyOf(3)), url };
    const { cosignatures, satisfied, failures } = await cosigned(
      clientOf([first, third, second], 2, quick),
      5,
    );
    assert.equal(satisfied, true);
    assert.equal(cosignatures.length, 2);
    assert.ok(first.timeOf(log.text(5), cosignatures[0]!) > 0, "in the policy's order");
    assert.ok(second.timeOf(log.text(5), cosignatures[1]!) > 0);
    assert.deepEqual(
      failures.map(({ witness }) => witness),
      ["w1"],
    );
    assert.match(failures[0]!.reason, /ECONNREFUSED/);
    const all = await cosigned(clientOf([first, third, second], 3, quick), 5);
    assert.deepEqual([all.satisfied, all.cosignatures.length], [false, 2]);
  });

  test("does not wait for a slow one once the quorum is there, but for a moment", async () => {
    await using first = await TestWitness.start([log.vkey]);
    const key = keyOf(1);
    const line = cosign(primitives, key, log.text(5), 1000);
    const after =
      (ms: number): RequestListener =>
      (request, response) =>
        void setTimeout(() => answering(200, line)(request, response), ms);
    const patient = { requestTimeoutMs: 20_000, timeoutMs: 20_000, graceMs: 1000 };
    const rounds = [
      { delayMs: 100, quorum: 1, count: 2 },
      { delayMs: 5000, quorum: 1, count: 1 },
      { delayMs: 2000, quorum: 2, count: 2 },
    ];
    for (const { delayMs, quorum, count } of rounds) {
      await using slow = await fakeServer(after(delayMs));
      const second = { vkey: formatVerifierKey(key), url: slow.url };
      const startMs = performance.now();
      const outcome = await cosigned(clientOf([first, second], quorum, patient), 5);
      assert.equal(outcome.satisfied, true);
      assert.equal(outcome.cosignatures.length, count, `after ${delayMs} ms, of ${quorum}`);
      assert.ok(performance.now() - startMs < 4000);
      const reasons = outcome.failures.map(({ reason }) => reason);
      assert.deepEqual(reasons, count === 2 ? [] : ["the quorum did not wait for it"]);
    }
  });

  test("gives up on one that is silent, or that sends its answer byte by byte", async () => {
    const silent: RequestListener = () => undefined;
    const dripping: RequestListener = (_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(drip));
    };
    const short = { requestTimeoutMs: 200, timeoutMs: 10_000, graceMs: 200 };
    const whole = { requestTimeoutMs: 10_000, timeoutMs: 200, graceMs: 200 };
    for (const listener of [silent, dripping]) {
      for (const options of [short, whole]) {
        const startMs = performance.now();
        assert.match(await failureOf(listener, options), /no answer in time/);
        assert.ok(performance.now() - startMs < 5000);
      }
    }
  });

  test("asks for no signature when the policy wants none, and takes what comes", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    const policy = `witness w ${witness.vkey} ${witness.url}/\nquorum none\n`;
    const client = witnessClient(policy, { graceMs: 3000 });
    const { cosignatures, satisfied } = await cosigned(client, 5);
    assert.deepEqual([cosignatures.length, satisfied], [1, true]);
    const nobody = await cosigned(witnessClient("quorum none\n"), 5);
    assert.deepEqual(nobody, { cosignatures: [], satisfied: true, failures: [] });
  });
});

suite("a client never rejects", () => {
  const at = { vkey: formatVerifierKey(keyOf(0)), url: "http://127.0.0.1:1" };

  test("when there is no proof, or none in time", async () => {
    await using witness = await TestWitness.start([log.vkey]);
    await cosigned(clientOf([witness]), 5);
    const client = clientOf([witness], 1, quick);
    const refused = await client.cosign(log.checkpoint(9), async () => {
      throw new Error("no disk");
    });
    assert.match(refused.failures[0]!.reason, /no disk/);
    const never = await client.cosign(log.checkpoint(9), () => Promise.withResolvers<[]>().promise);
    assert.match(never.failures[0]!.reason, /no answer in time/);
  });

  test("when the checkpoint is none", async () => {
    for (const checkpoint of ["", "hello\n", log.text(5)]) {
      const { satisfied, failures } = await clientOf([at]).cosign(checkpoint, async () => []);
      assert.equal(satisfied, false);
      assert.match(failures[0]!.reason, /not a signed note/);
    }
  });

  test("when a witness has no URL", async () => {
    const client = witnessClient(`witness w0 ${at.vkey}\nquorum w0\n`);
    assert.match((await cosigned(client, 5)).failures[0]!.reason, /no URL/);
  });

  test("but a policy or an option that cannot be used is refused at once", () => {
    const policy = (url: string): string => `witness w0 ${at.vkey} ${url}\nquorum w0\n`;
    for (const url of ["ftp://a.example", "a.example", "http://", "#"]) {
      assert.throws(() => witnessClient(policy(url)), { code: "POLICY_MALFORMED" }, url);
    }
    assert.throws(() => witnessClient("nonsense"), { code: "POLICY_MALFORMED" });
    for (const graceMs of [0, -1, 0.5, 2 ** 31, Number.NaN]) {
      assert.throws(() => clientOf([at], 1, { graceMs }), { code: "OPTION_INVALID" });
    }
  });
});
