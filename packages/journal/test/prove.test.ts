import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { parseAddCheckpoint } from "@stele/core/add-checkpoint";
import { utf8 } from "@stele/core/bytes";
import { cosign } from "@stele/core/cosignature";
import {
  checkEntryProof,
  checkExtension,
  ExtractChecker,
  parseEntryProof,
  parseExtension,
  parseSignedCheckpoint,
  type Proven,
} from "@stele/core/evidence";
import { formatSigningKey, formatVerifierKey, signingKey, type VerifierKey } from "@stele/core/key";
import { openJournal, openReader, type CreateOptions, type JournalReader } from "@stele/journal";
import { primitives, signerOf, testKey } from "./support/key.ts";
import { ledgerFiles } from "./support/ledger-files.ts";
import type { MemoryDisk } from "./support/memory-disk.ts";
import { DIRECTORY, newMemoryJournal, openInMemory } from "./support/memory-journal.ts";
import { newJournal, scratch } from "./support/scratch.ts";

const FIRST = testKey();
const LATER = [8, 9, 10].map((seedByte) => testKey(FIRST.name, seedByte));
const WITNESS = signingKey(
  primitives,
  "witness.example/w",
  new Uint8Array(32).fill(77),
  "cosignature",
);

/** What the proof shows to who pins the key, which must be something. */
function shown(text: string, key: VerifierKey = FIRST): Proven {
  const trust = { key, witnesses: [WITNESS] };
  const evidence = checkEntryProof(primitives, trust, parseEntryProof(utf8(text)));
  assert.ok(evidence.proven, "reason" in evidence ? evidence.reason : "");
  return evidence;
}

async function shownByExtract(
  lines: AsyncIterable<string>,
  key: VerifierKey = FIRST,
): Promise<{ readonly evidence: Proven; readonly entries: readonly string[] }> {
  const entries: string[] = [];
  const checker = new ExtractChecker(primitives, { key }, (line) => entries.push(line));
  for await (const line of lines) checker.push(utf8(line));
  const evidence = checker.end();
  assert.ok(evidence.proven, "reason" in evidence ? evidence.reason : "");
  return { evidence, entries };
}

/** Four epochs of seven entries and the one that ends them, in segments of a few entries. */
async function fourEpochs(): Promise<{
  readonly disk: MemoryDisk;
  readonly journal: Awaited<ReturnType<typeof openInMemory>>;
}> {
  const disk = await newMemoryJournal({ segmentBytes: 1024 });
  const journal = await openInMemory(disk);
  for (const next of [...LATER, undefined]) {
    for (let n = 0; n < 7; n++) await journal.append({ type: "note", data: { n } });
    if (next) await journal.rotateKey({ next: signerOf(next) });
  }
  return { disk, journal };
}

suite("a proof", () => {
  test("of each entry of several epochs holds under the first key and its own", async () => {
    const { journal } = await fourEpochs();
    const size = await journal.size();
    assert.equal(size, 31);
    for (let seq = 0; seq < size; seq++) {
      const text = await journal.prove(seq);
      const { hash } = await journal.get(seq);
      const epoch = Math.floor(seq / 8);
      const [part] = shown(text).parts;
      assert.deepEqual([part!.from, part!.to], [seq, seq]);
      assert.equal(part!.size, Math.min(size, 8 * (epoch + 1)));
      shown(text, [FIRST, ...LATER][epoch]);
      const { leaf } = parseEntryProof(utf8(text));
      assert.equal(primitives.sha256(utf8(`\0${leaf.text}`)), hash);
    }
  });

  test("has the cosignatures of the published checkpoint, where that covers the entry", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    for (let n = 0; n < 5; n++) await journal.append({ type: "note" });
    const seal = await journal.checkpoint({ seal: true });
    await journal.append({ type: "note" });
    await journal.close();
    const noteText = seal.slice(0, seal.indexOf("\n\n") + 1);
    const published = seal + cosign(primitives, WITNESS, noteText, 1_800_000_000);
    disk.files.set(`${DIRECTORY}/checkpoint`, utf8(published));
    const [covered] = shown(await journal.prove(4)).parts;
    assert.deepEqual([covered!.size, covered!.cosignatures.length], [5, 1]);
    const [newer] = shown(await journal.prove(5)).parts;
    assert.deepEqual([newer!.size, newer!.cosignatures.length], [6, 0]);
  });

  test("of what the journal does not hold is out of range", async () => {
    const { journal } = await fourEpochs();
    for (const seq of [-1, 31, 0.5, Number.NaN]) {
      await assert.rejects(journal.prove(seq), { code: "SEQ_OUT_OF_RANGE" });
    }
    const ranges = [
      [3, 2],
      [Number.NaN, 3],
    ] as const;
    for (const [from, to] of ranges) {
      const nothing = journal.extract({ from, to }).next();
      await assert.rejects(nothing, { code: "OPTION_INVALID" });
    }
    const beyond = journal.extract({ from: 0, to: 31 }).next();
    await assert.rejects(beyond, { code: "SEQ_OUT_OF_RANGE" });
  });

  test("holds also when tiles are wrong", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    await Promise.all(Array.from({ length: 300 }, () => journal.append({ type: "note" })));
    await journal.close();
    const wrong = new Uint8Array(8192).fill(1);
    disk.files.set(`${DIRECTORY}/tile/0/000`, wrong);
    for (const seq of [0, 255, 256, 299]) shown(await journal.prove(seq));
    const { evidence } = await shownByExtract(journal.extract({ from: 250, to: 260 }));
    assert.deepEqual([evidence.from, evidence.to], [250, 260]);
    const first = parseSignedCheckpoint(utf8(await journal.checkpoint()));
    assert.equal((await journal.consistency(await journal.checkpoint())).verdict, "extends");
    assert.equal(first.checkpoint.size, 300);
  });

  test("is not made of a journal whose entries are others", async () => {
    const { disk, journal } = await fourEpochs();
    const [path] = [...disk.files.keys()].filter((name) => name.includes("ledger")).toSorted();
    const bytes = disk.files.get(path!)!;
    const at = Buffer.from(bytes).indexOf('"n":0');
    bytes[at + 4] = 0x39;
    await assert.rejects(journal.prove(0), { code: "JOURNAL_DAMAGED" });
    await assert.rejects(journal.prove(1), { code: "JOURNAL_DAMAGED" });
  });

  test("can be made while the journal is written and its keys change", async () => {
    const disk = await newMemoryJournal({ segmentBytes: 1024 });
    const journal = await openInMemory(disk);
    await journal.append({ type: "note" });
    let writing = true;
    const write = async (): Promise<void> => {
      for (const next of LATER) {
        for (let n = 0; n < 20; n++) await journal.append({ type: "note" });
        await journal.rotateKey({ next: signerOf(next) });
      }
    };
    const written = write().finally(() => {
      writing = false;
    });
    let proofs = 0;
    for (; writing; proofs++) {
      await turn(); // in memory nothing else lets the writer go on
      const size = await journal.size();
      shown(await journal.prove(size - 1));
      await shownByExtract(journal.extract({ from: Math.max(0, size - 5), to: size - 1 }));
    }
    await written;
    assert.ok(proofs > 1);
  });
});

suite("an extract", () => {
  test("of any range holds and has the lines as they are stored", async () => {
    const { journal } = await fourEpochs();
    for (const [from, to] of [
      [0, 30],
      [7, 8],
      [3, 5],
      [15, 15],
      [16, 30],
    ] as const) {
      const stored: string[] = [];
      for await (const { line } of journal.readLines({ from, to })) stored.push(line);
      const { evidence, entries } = await shownByExtract(journal.extract({ from, to }));
      assert.deepEqual([evidence.from, evidence.to], [from, to]);
      assert.deepEqual(entries, stored);
    }
  });
});

suite("a journal whose key was lost", () => {
  const root = scratch("prove");

  test("proves each entry to who knows the first key", async () => {
    const recoveryKeyPath = join(root, "recovery.key");
    const { directory, environment } = await onDisk(root, { recoveryKeyPath });
    for (const path of [undefined, recoveryKeyPath]) {
      await using journal = await openJournal(directory, { environment, recoveryKeyPath: path });
      await journal.append({ type: "note" });
      await journal.append({ type: "note" });
      await journal.rotateKey();
    }
    const reader = await openReader(directory);
    const size = await reader.size();
    const trusts = new Set<string>();
    for (let seq = 0; seq < size; seq++) trusts.add(shown(await reader.prove(seq)).parts[0]!.trust);
    assert.deepEqual([...trusts].toSorted(), ["changed", "pinned", "recovery"]);
    await shownByExtract(reader.extract({ from: 0, to: size - 1 }));
  });

  test("and whose first epoch ended so proves them too", async () => {
    const recoveryKeyPath = join(root, "recovery-first.key");
    const { directory, environment } = await onDisk(root, { recoveryKeyPath });
    await using journal = await openJournal(directory, { environment, recoveryKeyPath });
    await journal.append({ type: "note" });
    for (let seq = 0; seq < 3; seq++) shown(await journal.prove(seq));
  });
});

/** A new journal of the first key, which lies in a file of its own. */
async function onDisk(
  root: string,
  options: CreateOptions = {},
): Promise<{
  readonly directory: string;
  readonly environment: { readonly STELE_KEY_FILE: string };
}> {
  const directory = await newJournal(root, options);
  const path = `${directory}.key`;
  writeFileSync(path, formatSigningKey(FIRST), { mode: 0o600 });
  return { directory, environment: { STELE_KEY_FILE: path } };
}

suite("consistency", () => {
  /** A journal and its checkpoint at each size. */
  async function grown(): Promise<{
    readonly disk: MemoryDisk;
    readonly journal: JournalReader;
    readonly checkpoints: readonly string[];
  }> {
    const disk = await newMemoryJournal({ segmentBytes: 1024 });
    const journal = await openInMemory(disk);
    const checkpoints: string[] = [];
    for (let n = 0; n < 12; n++) {
      if (n === 6) await journal.rotateKey({ next: signerOf(LATER[0]!) });
      else await journal.append({ type: "note", data: { n } });
      checkpoints.push(await journal.checkpoint({ seal: true }));
    }
    return { disk, journal, checkpoints };
  }

  test("with each checkpoint from before is proven, offline too", async () => {
    const { journal, checkpoints } = await grown();
    for (const [index, old] of checkpoints.entries()) {
      const found = await journal.consistency(old);
      assert.deepEqual([found.verdict, found.oldSize, found.size], ["extends", index + 1, 12]);
      const trust = { key: LATER[0]!, oldKey: index < 7 ? FIRST : LATER[0]! };
      const extension = parseExtension(utf8(found.proof!));
      const signed = parseSignedCheckpoint(utf8(old));
      assert.ok(checkExtension(primitives, trust, signed, extension).proven);
      assert.equal(parseAddCheckpoint(utf8(found.proof!)).oldSize, index + 1);
    }
  });

  test("with a checkpoint of more entries is rolled back, of others forked", async () => {
    const { journal, checkpoints } = await grown();
    const other = await openInMemory(await newMemoryJournal());
    for (let n = 0; n < 14; n++) await other.append({ type: "note", data: { other: n } });
    const larger = await other.consistency(await other.checkpoint({ seal: true }));
    assert.equal(larger.verdict, "extends");
    const rolledBack = await journal.consistency(await other.checkpoint({ seal: true }));
    assert.deepEqual([rolledBack.verdict, rolledBack.proof], ["rolled-back", null]);
    const forked = await other.consistency(checkpoints[3]!);
    assert.deepEqual([forked.verdict, forked.proof], ["forked", null]);
  });

  test("with what no key of the journal signed is refused", async () => {
    const { journal } = await grown();
    const stranger = await openInMemory(await newMemoryJournal({ key: LATER[1]! }), {
      signer: signerOf(LATER[1]!),
    });
    await stranger.append({ type: "note" });
    const theirs = await stranger.checkpoint({ seal: true });
    await assert.rejects(journal.consistency(theirs), { code: "NOTE_UNVERIFIED" });
    await assert.rejects(journal.consistency("nothing"), { code: "NOTE_MALFORMED" });
  });

  test("with a checkpoint by a key that was lost with its entry needs that key", async () => {
    const { checkpoints } = await grown();
    const shorter = await openInMemory(await newMemoryJournal());
    for (let n = 0; n < 3; n++) await shorter.append({ type: "note", data: { n } });
    const [newest] = checkpoints.slice(-1);
    await assert.rejects(shorter.consistency(newest!), { code: "NOTE_UNVERIFIED" });
    const key = formatVerifierKey(LATER[0]!);
    assert.equal((await shorter.consistency(newest!, { key })).verdict, "rolled-back");
    await assert.rejects(shorter.consistency(newest!, { key: "key" }), { code: "KEY_MALFORMED" });
  });

  test("is not judged from a ledger that is not what its newest checkpoint says", async () => {
    const { directory, environment } = await onDisk(scratch("consistency"));
    const checkpoints: string[] = [];
    {
      await using journal = await openJournal(directory, { environment });
      for (let n = 0; n < 4; n++) {
        await journal.append({ type: "note", data: { n } });
        checkpoints.push(await journal.checkpoint({ seal: true }));
      }
    }
    const [path] = ledgerFiles(directory);
    writeFileSync(path!, readFileSync(path!, "utf8").replace('"n":1', '"n":7'));
    const reader = await openReader(directory);
    await assert.rejects(reader.consistency(checkpoints[2]!), { code: "JOURNAL_DAMAGED" });
  });
});
