import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { provePossession } from "@stele/core/agent-event";
import { formatVerifierKey, signingKey } from "@stele/core/key";
import { eventMessage, parseSignedEvent, withSignature } from "@stele/core/signed-event";
import { openJournal, SteleError, type Journal, type Signer } from "@stele/journal";
import { isEventSignedBy, parseSigned, signEvent, SignedEvent } from "@stele/journal/agents";
import { primitives, signerOf, testKey } from "./support/key.ts";
import { segmentsOf } from "./support/ledger-lines.ts";
import type { MemoryDisk } from "./support/memory-disk.ts";
import {
  DIRECTORY,
  memoryWorld,
  newMemoryJournal,
  openInMemory,
} from "./support/memory-journal.ts";
import { reseal } from "./support/reseal.ts";

const CRITIC = "critic-1";

function agentSigner(name = CRITIC, seed = 7): Signer {
  return signerOf(signingKey(primitives, name, new Uint8Array(32).fill(seed)));
}

const signer = agentSigner();
const publicKey = formatVerifierKey(signer.key);

async function withCritic(): Promise<{ journal: Journal; disk: MemoryDisk }> {
  const disk = await newMemoryJournal();
  const journal = await openInMemory(disk);
  await journal.addAgentKey({ agent: CRITIC, publicKey });
  return { journal, disk };
}

/** A sound review, as symbi's critics sign it. */
const REVIEW = { type: "note", agent: CRITIC, data: { verdict: "approved", iteration: 1 } };

suite("signed events", () => {
  test("an event is signed over its exact bytes, with its contents, and verifies", async () => {
    const { journal } = await withCritic();
    await using _ = journal;
    const content = { director: "text", critic: new Uint8Array([0xff]) };
    const { seq } = await journal.append(REVIEW, { signer, content });
    const line = await lineOf(journal, seq);
    const event = line.slice(line.indexOf(',"event":') + 9, line.lastIndexOf(',"hash"'));
    assert.match(event, /,"signature":\{"keyid":"[0-9a-f]{8}","sig":"[A-Za-z0-9+/]{86}=="\}\}$/);
    const verdict = await journal.verify();
    assert.equal(verdict.verdict, "intact");
    assert.deepEqual(verdict.signatures, { checked: 1, unchecked: 0 });
    assert.equal(verdict.contents.checked, 2);
  });

  test("symbi: a review is verified with the public key alone", async () => {
    const { journal } = await withCritic();
    await using _ = journal;
    const { seq } = await journal.append(REVIEW, { signer });
    const line = await lineOf(journal, seq);
    const event = line.slice(line.indexOf(',"event":') + 9, line.lastIndexOf(',"hash"'));
    assert.equal(isEventSignedBy(primitives, signer.key, event), true);
    const changed = event.replace("approved", "rejected");
    assert.equal(isEventSignedBy(primitives, signer.key, changed), false);
    assert.equal(isEventSignedBy(primitives, agentSigner(CRITIC, 8).key, event), false);
  });

  test("are appended again once the disk that failed to tell the agents' keys does", async () => {
    const { journal: before, disk } = await withCritic();
    await before.close();
    await using journal = await openInMemory(disk);
    const list = disk.list.bind(disk);
    disk.list = () => Promise.reject(new SteleError("DISK_IO", "the disk stumbles"));
    await assert.rejects(journal.append(REVIEW, { signer }), { code: "DISK_IO" });
    disk.list = list;
    const { seq } = await journal.append(REVIEW, { signer });
    assert.equal(seq, 1);
  });

  test("an event that was signed elsewhere is kept to the byte", async () => {
    const { journal } = await withCritic();
    await using _ = journal;
    const signed = await signEvent(REVIEW, { signer, content: { director: "text" } });
    const handed = parseSigned(JSON.stringify(signed));
    assert.ok(handed instanceof SignedEvent);
    const { seq } = await journal.append(handed);
    assert.ok((await lineOf(journal, seq)).includes(signed.text));
    assert.equal(Buffer.from((await journal.content(seq, "director"))!).toString(), "text");
    assert.equal((await journal.verify()).verdict, "intact");
  });

  test("symbi: invalid signature: a changed, foreign or respelled one is refused", async () => {
    const { journal } = await withCritic();
    await using _ = journal;
    const { text } = await signEvent(REVIEW, { signer });
    const refuses = async (event: string, code: string): Promise<void> => {
      await assert.rejects(async () => journal.append(parseSigned(event)), { code }, event);
    };
    await refuses(text.replace("approved", "rejected"), "SIGNATURE_INVALID");
    await refuses(text.replace(/"sig":"./, '"sig":"/'), "SIGNATURE_INVALID");
    await refuses(text.replace('","sig"', '", "sig"'), "SIGNATURE_INVALID");
    await refuses(text.replace("signature", "\\u0073ignature"), "SIGNATURE_INVALID");
    await refuses(text.replace(/..=="\}\}$/, 'zz=="}}'), "SIGNATURE_INVALID");
    await refuses(text.replace('"type"', '"signature":1,"type"'), "JSON_DUPLICATE_KEY");
    await refuses(text.replace('"data":', '"data": '), "EVENT_INVALID");
    await refuses(text.replace(/"agent":"[^"]*",/, ""), "SIGNATURE_INVALID");
    assert.equal(journal.sealedSize, 1);
  });

  test("the content member has one place and one spelling, and all its contents come along", async () => {
    const { journal } = await withCritic();
    await using _ = journal;
    const signed = await signEvent(REVIEW, { signer, content: { a: "x", b: "y" } });
    const refuses = async (made: SignedEvent): Promise<void> => {
      await assert.rejects(journal.append(made), { code: "CONTENT_INVALID" });
    };
    await refuses(new SignedEvent(signed.text, new Map()));
    await refuses(new SignedEvent(signed.text, new Map([...signed.contents].slice(1))));
    const [first, second] = [signed.contents.get("a")!, signed.contents.get("b")!];
    await refuses(
      new SignedEvent(
        signed.text,
        new Map([
          ["a", second],
          ["b", first],
        ]),
      ),
    );
    const more = new Map([...signed.contents, ["c", first] as const]);
    await refuses(new SignedEvent(signed.text, more));
    const { body } = parseSignedEvent(signed.text).signature;
    const longer = body.replace('"size":1,', '"size":2,');
    const signature = await signer.sign(eventMessage(longer));
    const resigned = withSignature(longer, signer.key.keyId, signature);
    await refuses(new SignedEvent(resigned, signed.contents));
    await journal.append(signed);
  });

  test("only a key of the event's own agent signs, while it is active", async () => {
    const { journal } = await withCritic();
    await using _ = journal;
    const unknown = agentSigner(CRITIC, 8);
    await assert.rejects(journal.append(REVIEW, { signer: unknown }), {
      code: "AGENT_KEY_UNKNOWN",
    });
    const other = { ...REVIEW, agent: "other" };
    await assert.rejects(journal.append(other, { signer }), { code: "SIGNATURE_INVALID" });
    const { agent: __, ...nobody } = REVIEW;
    await assert.rejects(journal.append(nobody, { signer }), { code: "SIGNATURE_INVALID" });
    await journal.append(REVIEW, { signer });
    await journal.retireAgentKey({ agent: CRITIC, publicKey });
    await assert.rejects(journal.append(REVIEW, { signer }), { code: "AGENT_KEY_UNKNOWN" });
    // What it signed while it was active stays good.
    const { verdict, signatures } = await journal.verify();
    assert.deepEqual([verdict, signatures.checked], ["intact", 1]);
  });

  test("a signature member that nobody checked is refused in unsigned events", async () => {
    const { journal } = await withCritic();
    await using _ = journal;
    const forged = { ...REVIEW, signature: { keyid: "00000000", sig: "" } };
    await assert.rejects(journal.append(forged), { code: "EVENT_INVALID" });
    // Deeper down it is data.
    await journal.append({ ...REVIEW, data: { signature: { keyid: "00000000", sig: "x" } } });
    assert.equal((await journal.verify()).verdict, "intact");
  });

  test("events that are not UTF-8 are judged: signed ones are findings, others are nobody's word", async () => {
    const signed = (event: Buffer): Buffer => at(event, event.indexOf("approved"), 0xff);
    const escaped = Buffer.from('{"type":"note","data":"\\u0041 ~"}');
    const spelled = Buffer.from('{"type":"note","data":"~","sign\\u0061ture":1}');
    const cases: readonly (readonly [string, (event: Buffer) => Uint8Array])[] = [
      ["tampered", signed],
      ["intact", () => at(escaped, escaped.indexOf("~"), 0xff)],
      ["tampered", () => at(spelled, spelled.indexOf("~"), 0xff)],
      ["intact", (event) => at(event, event.indexOf('"signature"') + 1, 0xff)],
    ];
    for (const [expected, edit] of cases) {
      const { journal, disk } = await withCritic();
      await using _ = journal;
      await journal.append(REVIEW, { signer });
      const [{ path, bytes } = assert.fail()] = segmentsOf(disk);
      const [told] = reseal([bytes], (event, seq) => (seq === 1 ? edit(event) : event));
      disk.files.set(path, told!);
      disk.files.delete(`${DIRECTORY}/head`);
      const { verdict, firstBad, signatures } = await journal.verify();
      assert.equal(verdict, expected, firstBad?.reason);
      assert.equal(signatures.checked, 0);
    }
  });

  test("signed and unsigned appends keep their order, and an id is recorded once", async () => {
    const { journal } = await withCritic();
    await using _ = journal;
    const receipts = await Promise.all([
      journal.append({ ...REVIEW, id: "1" }, { signer }),
      journal.append({ type: "note", id: "2" }),
      journal.append({ ...REVIEW, id: "1" }, { signer }),
      journal.append({ ...REVIEW, id: "3" }, { signer }),
    ]);
    assert.deepEqual(
      receipts.map(({ seq }) => seq),
      [1, 2, 1, 3],
    );
  });
});

suite("agents' keys", () => {
  test("are known after reopening, with and without the derived file", async () => {
    const { journal, disk } = await withCritic();
    await journal.addAgentKey({ agent: "b", publicKey: formatVerifierKey(agentSigner("b").key) });
    await journal.retireAgentKey({ agent: CRITIC, publicKey });
    const keys = await journal.agentKeys();
    assert.deepEqual(
      keys.map(({ agent, added, retired }) => ({ agent, added, retired })),
      [
        { agent: CRITIC, added: 0, retired: 2 },
        { agent: "b", added: 1, retired: null },
      ],
    );
    await journal.close();
    for (const change of [
      async () => {},
      async () => swapActions(disk),
      async () => garble(disk),
      () => disk.remove(`${DIRECTORY}/agents`),
    ]) {
      await change();
      await using again = await openInMemory(disk);
      assert.deepEqual(await again.agentKeys(), keys);
      await again.append({ type: "note", agent: "b" }, { signer: agentSigner("b") });
      await assert.rejects(again.append(REVIEW, { signer }), { code: "AGENT_KEY_UNKNOWN" });
      assert.equal((await again.verify()).verdict, "intact");
    }
  });

  test("a proof of possession is the key's own, and for this journal", async () => {
    const { journal } = await withCritic();
    await using _ = journal;
    const b = agentSigner("b");
    const key = { agent: "b", publicKey: formatVerifierKey(b.key) };
    const elsewhere = await provePossession("other.example", b);
    await assert.rejects(journal.addAgentKey({ ...key, proof: elsewhere }), {
      code: "SIGNATURE_INVALID",
    });
    await journal.addAgentKey({ ...key, proof: await provePossession(journal.origin, b) });
    const isProven = (await journal.agentKeys()).map((known) => known.isProven);
    assert.deepEqual(isProven, [false, true]);
    assert.equal((await journal.verify()).verdict, "intact");
  });

  test("are not named by an event that is no UTF-8, which is found", async () => {
    const { journal, disk } = await withCritic();
    await using _ = journal;
    await journal.append({ type: "note" });
    const [{ path, bytes } = assert.fail()] = segmentsOf(disk);
    const [told] = reseal([bytes], (event, seq) => (seq === 0 ? at(event, 40, 0x80) : event));
    disk.files.set(path, told!);
    disk.files.delete(`${DIRECTORY}/head`);
    const { verdict, firstBad } = await journal.verify();
    assert.deepEqual([verdict, firstBad?.seq], ["tampered", 0]);
  });

  test("what is there is not added twice, what is not is not retired", async () => {
    const { journal } = await withCritic();
    await using _ = journal;
    await assert.rejects(journal.addAgentKey({ agent: CRITIC, publicKey }), {
      code: "OPTION_INVALID",
    });
    await assert.rejects(journal.addAgentKey({ agent: "b", publicKey }), { code: "KEY_MALFORMED" });
    const other = formatVerifierKey(agentSigner(CRITIC, 9).key);
    await assert.rejects(journal.retireAgentKey({ agent: CRITIC, publicKey: other }), {
      code: "AGENT_KEY_UNKNOWN",
    });
    // A key that was retired can come back.
    await journal.retireAgentKey({ agent: CRITIC, publicKey });
    await journal.addAgentKey({ agent: CRITIC, publicKey });
    await journal.append(REVIEW, { signer });
    assert.equal((await journal.verify()).signatures.checked, 1);
  });

  test("signatures are checked across segments, whatever the derived file says", async () => {
    const disk = await newMemoryJournal({ segmentBytes: 4096 });
    const world = memoryWorld(disk);
    const journal = await openJournal(DIRECTORY, { world, signer: signerOf(testKey()) });
    await journal.addAgentKey({ agent: CRITIC, publicKey });
    for (let count = 0; count < 12; count++) {
      await journal.append({ ...REVIEW, data: "x".repeat(900) }, { signer });
    }
    await journal.retireAgentKey({ agent: CRITIC, publicKey });
    for (const change of [
      async () => {},
      async () => garble(disk),
      () => disk.remove(`${DIRECTORY}/agents`),
    ]) {
      await change();
      const { verdict, signatures } = await journal.verify();
      assert.deepEqual([verdict, signatures.checked], ["intact", 12]);
    }
    await journal.close();
    const segments = segmentsOf(disk);
    assert.ok(segments.length > 2);
    const wrong = [2, 12];
    const told = reseal(
      segments.map(({ bytes }) => bytes),
      (event, seq) => (wrong.includes(seq) ? at(event, 70, 0x79) : event),
    );
    for (const [index, { path }] of segments.entries()) disk.files.set(path, told[index]!);
    disk.files.delete(`${DIRECTORY}/head`);
    const found = await (await openInMemory(disk)).verify();
    assert.deepEqual([found.verdict, found.firstBad?.seq], ["tampered", 2]);
  });
});

async function lineOf(journal: Journal, seq: number): Promise<string> {
  for await (const { line } of journal.readLines({ from: seq, to: seq })) return line;
  throw new Error("no line");
}

function at(bytes: Buffer, place: number, byte: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[place] = byte;
  return changed;
}

/** A file that names no keys, for as many entries as it did. */
/** Says that keys were retired where they were added, and added where they were retired. */
async function swapActions(disk: MemoryDisk): Promise<void> {
  const path = `${DIRECTORY}/agents`;
  const text = Buffer.from(disk.files.get(path)!).toString();
  const swapped = text.replace(/\b(add|retire)\b/g, (one) => (one === "add" ? "retire" : "add"));
  assert.notEqual(swapped, text);
  await disk.run([{ kind: "replace", path, bytes: Buffer.from(swapped) }]);
}

async function garble(disk: MemoryDisk): Promise<void> {
  const path = `${DIRECTORY}/agents`;
  const text = '{"size":1,"hash":"' + "0".repeat(64) + '","changes":[]}\n';
  await disk.run([{ kind: "replace", path, bytes: Buffer.from(text) }]);
}
