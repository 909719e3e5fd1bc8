import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { formatVerifierKey, signingKey } from "@stele/core/key";
import { SteleError, type Journal, type Verdict } from "@stele/journal";
import { parseSigned, signEvent, SignedEvent } from "@stele/journal/agents";
import { primitives, signerOf } from "./support/key.ts";
import { segmentsOf } from "./support/ledger-lines.ts";
import type { MemoryDisk } from "./support/memory-disk.ts";
import { DIRECTORY, newMemoryJournal, openInMemory } from "./support/memory-journal.ts";
import { reseal, type Edit } from "./support/reseal.ts";

// STELE_SIGNED_RUNS=10000 npm test -- journal/test/signed-events.prop looks longer.
const RUNS = Number(process.env["STELE_SIGNED_RUNS"] ?? 25);

const AGENT = "critic-1";
const signer = signerOf(signingKey(primitives, AGENT, new Uint8Array(32).fill(7)));
const KEEP: Edit = (event) => event;

const given = fc.record({
  data: fc.jsonValue({ maxDepth: 3, stringUnit: "grapheme" }),
  id: fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: undefined }),
  content: fc.dictionary(
    fc.stringMatching(/^[a-z]{1,8}$/),
    fc.oneof(fc.string({ unit: "grapheme" }), fc.uint8Array()),
    { maxKeys: 3 },
  ),
});
/** Where, as a part of the whole, and which bits. */
const flip = fc.record({ at: fc.nat(999), bits: fc.integer({ min: 1, max: 255 }) });
const flips = fc.array(flip, { minLength: 8, maxLength: 8 });
interface Flip {
  readonly at: number;
  readonly bits: number;
}

function flipped(bytes: Uint8Array, { at, bits }: Flip): Buffer {
  const changed = Buffer.from(bytes);
  changed[Math.floor((at / 1000) * bytes.length)]! ^= bits;
  return changed;
}

function eventOf(chosen: { readonly data: unknown; readonly id: string | undefined }) {
  const { data, id } = chosen;
  return { type: "note", agent: AGENT, ...(id !== undefined && { id }), data };
}

/** Whether the change is of the word "signature" itself: then the event is not signed. */
function isUnsigned(before: Uint8Array, after: Uint8Array): boolean {
  const start = Buffer.from(before).lastIndexOf('"signature":');
  const at = after.findIndex((byte, place) => byte !== before[place]);
  return at > start && at <= start + "signature".length;
}

/** A journal whose entry 0 names the key and whose entry 1 is signed, to be changed on its disk. */
class Recorded {
  readonly #disk: MemoryDisk;
  readonly #journal: Journal;
  readonly #files: ReadonlyMap<string, Uint8Array>;

  private constructor(disk: MemoryDisk, journal: Journal) {
    this.#disk = disk;
    this.#journal = journal;
    this.#files = new Map(disk.files);
  }

  static async make(signed: SignedEvent): Promise<Recorded> {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    await journal.addAgentKey({ agent: AGENT, publicKey: formatVerifierKey(signer.key) });
    await journal.append(signed);
    disk.files.delete(`${DIRECTORY}/head`);
    return new Recorded(disk, journal);
  }

  /** The only content file. */
  get contents(): readonly [string, Uint8Array] {
    return [...this.#files].find(([path]) => path.includes("/content/"))!;
  }

  /** What `verify` says when the journal's keeper tells it so. */
  async resealed(edit: Edit): Promise<Verdict> {
    const [{ path, bytes } = { path: "", bytes: new Uint8Array() }] = segmentsOf(this.#disk);
    const [changed] = reseal([bytes], edit);
    return this.with(path, changed!);
  }

  /** What `verify` says when a file has these bytes. */
  async with(path: string, bytes: Uint8Array): Promise<Verdict> {
    this.#disk.files.set(path, bytes);
    try {
      return await this.#journal.verify({ threads: 1 });
    } finally {
      this.#disk.files.set(path, this.#files.get(path)!);
    }
  }
}

async function refuses(append: () => Promise<unknown>, what: string): Promise<void> {
  await assert.rejects(append, (error) => {
    assert.ok(error instanceof SteleError, `${what}: ${String(error)}`);
    return true;
  });
}

suite("a signed event", () => {
  test("any byte changed of event, content or signature is refused at append, and found by verify", async () => {
    const property = fc.asyncProperty(given, flips, async (chosen, changes) => {
      const signed = await signEvent(eventOf(chosen), { signer, content: chosen.content });
      const recorded = await Recorded.make(signed);
      const whole = await recorded.resealed(KEEP);
      assert.deepEqual([whole.verdict, whole.signatures.checked], ["intact", 1]);
      await using journal = await openInMemory(await newMemoryJournal());
      await journal.addAgentKey({ agent: AGENT, publicKey: formatVerifierKey(signer.key) });
      const text = Buffer.from(signed.text);
      for (const change of changes) {
        const forged = flipped(text, change);
        const made = new SignedEvent(forged.toString(), signed.contents);
        await refuses(async () => journal.append(made), forged.toString());
        await refuses(
          async () => journal.append(parseSigned(JSON.stringify(made))),
          forged.toString(),
        );
        const found = await recorded.resealed((event, seq) => (seq === 1 ? forged : event));
        if (isUnsigned(text, forged) && found.verdict === "intact") {
          assert.equal(found.signatures.checked, 0, "nobody's word");
        } else {
          assert.notEqual(found.verdict, "intact", forged.toString());
          assert.equal(found.firstBad?.seq, 1);
        }
      }
      assert.equal(journal.sealedSize, 1, "nothing of it was recorded");
      await journal.append(signed);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  test("whose content or salt has any byte changed is refused at append, and found by verify", async () => {
    const content = fc.uint8Array({ minLength: 1, maxLength: 200 });
    const property = fc.asyncProperty(content, flips, async (bytes, changes) => {
      const signed = await signEvent(eventOf({ data: 1, id: undefined }), {
        signer,
        content: { output: bytes },
      });
      const recorded = await Recorded.make(signed);
      await using journal = await openInMemory(await newMemoryJournal());
      await journal.addAgentKey({ agent: AGENT, publicKey: formatVerifierKey(signer.key) });
      const stored = signed.contents.get("output")!;
      const [path, kept] = recorded.contents;
      for (const [index, change] of changes.entries()) {
        const part = index % 2 === 0 ? "bytes" : "salt";
        const other = { ...stored, [part]: flipped(stored[part], change) };
        const made = new SignedEvent(signed.text, new Map([["output", other]]));
        await assert.rejects(journal.append(made), { code: "CONTENT_INVALID" });
        const found = await recorded.with(path, flipped(kept, change));
        assert.notEqual(found.verdict, "intact");
      }
      await journal.append(signed);
    });
    await fc.assert(property, { numRuns: RUNS });
  });
});
