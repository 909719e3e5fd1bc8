import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, suite, test } from "node:test";
import type { Event } from "@stele/journal";
import { spliced } from "./support/ledger-lines.ts";
import type { MemoryDisk } from "./support/memory-disk.ts";
import { DIRECTORY } from "./support/memory-journal.ts";
import { Specimen, type Changes } from "./support/specimen.ts";

// What a crash leaves at the end of the last segment: nothing says that it was acknowledged, so it
// is told as unsealed and set aside. Without `head` that is every truncation; with an older one,
// every truncation behind what it names.

const HEAD = `${DIRECTORY}/head`;
let specimen: Specimen;

before(async () => {
  specimen = await Specimen.make();
});

suite("without head, the last segment cut off at any byte", () => {
  test("is intact up to the last seal, and the counts of the rest are right", async () => {
    const { segment, headerEnd } = last();
    for (let offset = headerEnd; offset <= segment.bytes.length; offset++) {
      const verdict = await specimen.verify(cutAt(offset));
      const { size, unsealed } = expected(offset);
      assert.equal(verdict.verdict, "intact", `offset ${offset}`);
      assert.deepEqual({ size: verdict.size, unsealed: verdict.unsealed }, { size, unsealed });
    }
  });

  test("opens, keeps the cut bytes and records them, and goes on", async () => {
    const { segment, headerEnd } = last();
    for (let offset = headerEnd; offset <= segment.bytes.length; offset++) {
      await checkRecovery(cutAt(offset), offset);
    }
  });

  test("within its header is refused", async () => {
    for (let offset = 0; offset < last().headerEnd; offset++) {
      const changes = cutAt(offset);
      assert.equal((await specimen.verify(changes)).verdict, "corrupt", `offset ${offset}`);
      const opening = await specimen.open(changes);
      assert.ok("refusal" in opening && opening.refusal.code === "JOURNAL_DAMAGED");
      assert.deepEqual(opening.disk.files, specimen.changed(changes));
    }
  });

  test("reads up to the last seal", async () => {
    const { segment, headerEnd } = last();
    for (let offset = headerEnd; offset <= segment.bytes.length; offset++) {
      const { entries, error } = await specimen.read(cutAt(offset));
      assert.equal(error, undefined);
      assert.deepEqual(entries, specimen.entries.slice(0, expected(offset).size));
    }
  });
});

suite("a commit that the power cut", () => {
  test("and that head does not name yet may have zeros anywhere, and a seal or none", async () => {
    const { segment, commitStart } = last();
    const { length } = segment.bytes;
    for (let start = commitStart; start < length - 8; start += 7) {
      for (const end of [start + 1, start + 8, length]) {
        const bytes = spliced(segment.bytes, [start, end], new Uint8Array(end - start));
        const changes = { [segment.path]: bytes, [HEAD]: headBeforeLastCommit() };
        assert.equal((await specimen.verify(changes)).verdict, "intact", `${start} to ${end}`);
        await checkRecovery(changes, length, commitStart);
      }
    }
  });

  test("and that head names has lost what was acknowledged", async () => {
    const { segment, commitStart } = last();
    for (let start = commitStart; start < segment.bytes.length; start += 7) {
      const bytes = spliced(segment.bytes, [start, start + 1], Uint8Array.of(0));
      const opening = await specimen.open({ [segment.path]: bytes });
      assert.ok("refusal" in opening && opening.refusal.code === "JOURNAL_DAMAGED");
    }
  });
});

suite("contents of a commit that never came", () => {
  test("are no finding, whole or torn at any byte, and are set aside", async () => {
    const { segment } = last();
    const path = segment.path.replace("/ledger/", "/content/");
    const contents = specimen.files.get(path)!;
    const next = specimen.entries.length;
    const more = Buffer.from(
      `{"seq":${next},"content":{"text":{"salt":"${"0".repeat(64)}","text":"x"}}}\n`,
    );
    for (let length = 1; length <= more.length; length++) {
      const bytes = new Uint8Array(Buffer.concat([contents, more.subarray(0, length)]));
      const changes = { [path]: bytes };
      const { verdict, firstBad } = await specimen.verify(changes);
      assert.equal(verdict, "intact", `${firstBad?.reason}: ${length}`);
      const opening = await specimen.open(changes);
      if ("refusal" in opening) throw opening.refusal;
      const { event } = await opening.journal.get(next);
      checkRecovered(event, changes, opening.disk);
      assert.deepEqual(opening.disk.files.get(path), contents);
    }
  });
});

/** The last segment: where its header ends and where its last commit starts. */
function last(): { segment: Specimen["lastSegment"]; headerEnd: number; commitStart: number } {
  const segment = specimen.lastSegment;
  const commitStart = segment.lines.findLast(({ kind, end }) => {
    return kind !== "entry" && end < segment.bytes.length;
  })!.end;
  return { segment, headerEnd: segment.lines[0]!.end, commitStart };
}

function cutAt(offset: number): Changes {
  const { path, bytes } = specimen.lastSegment;
  return { [path]: bytes.subarray(0, offset), [HEAD]: undefined };
}

/** The head as it was before the last commit, which rewrote it without a sync. */
function headBeforeLastCommit(): Uint8Array {
  const { segment, commitStart } = last();
  const size = segment.lines.find(({ start }) => start === commitStart)!.size;
  const fields = [
    String(size).padStart(16, "0"),
    String(segment.first).padStart(16, "0"),
    String(commitStart).padStart(12, "0"),
  ].join(" ");
  const check = createHash("sha256").update(`stele head ${fields}`).digest("hex").slice(0, 16);
  return Buffer.from(`${fields} ${check}\n`);
}

/** What is sealed and what is not in the last segment when it is cut off there. */
function expected(offset: number): {
  readonly size: number;
  readonly sealedBytes: number;
  readonly unsealed: { readonly entries: number; readonly bytes: number };
} {
  const whole = specimen.lastSegment.lines.filter(({ end }) => end <= offset);
  const sealed = whole.findLast(({ kind }) => kind !== "entry")!;
  const entries = whole.filter(({ kind, start }) => kind === "entry" && start >= sealed.end).length;
  const bytes = offset - sealed.end;
  return { size: sealed.size, sealedBytes: sealed.end, unsealed: { entries, bytes } };
}

/** Opening sets aside what lies behind the last seal, with its contents, says so, and goes on. */
async function checkRecovery(
  changes: Changes,
  end: number,
  sealedBytes = expected(end).sealedBytes,
): Promise<void> {
  const opening = await specimen.open(changes);
  if ("refusal" in opening) throw opening.refusal;
  const { journal, disk } = opening;
  const { size } = expected(sealedBytes);
  const entries = await Array.fromAsync(journal.read());
  assert.deepEqual(entries.slice(0, size), specimen.entries.slice(0, size));
  const recovered = entries.slice(size).map(({ event }) => event);
  const ledgerIsCut = sealedBytes < end;
  const contentIsCut = size < specimen.entries.length;
  assert.equal(recovered.length, Number(ledgerIsCut) + Number(contentIsCut));
  for (const event of recovered) checkRecovered(event, changes, disk);
  const { seq } = await journal.append({ type: "note", data: "after" });
  assert.equal(seq, entries.length);
  const verdict = await journal.verify({ threads: 1 });
  assert.equal(verdict.verdict, "intact");
  assert.deepEqual(verdict.unsealed, { entries: 0, bytes: 0 });
  await journal.close();
}

/** The event says what was cut where, and the bytes lie in quarantine. */
function checkRecovered(event: Event, changes: Changes, disk: MemoryDisk): void {
  assert.equal(event.type, "stele.recovered");
  const { part, segment, offset, bytes, entries, sha256, file } = event.data as {
    readonly part: string;
    readonly segment: string;
    readonly offset: number;
    readonly bytes: number;
    readonly entries: number;
    readonly sha256: string;
    readonly file: string;
  };
  const damaged = specimen.changed(changes).get(`${DIRECTORY}/${part}/${segment}`)!;
  const cut = damaged.subarray(offset);
  assert.deepEqual(disk.files.get(`${DIRECTORY}/${file}`), cut);
  assert.equal(bytes, cut.length);
  assert.equal(sha256, createHash("sha256").update(cut).digest("hex"));
  const lines = Buffer.from(cut).toString("latin1").split("\n").slice(0, -1);
  const whole = lines.filter((line) => line.startsWith('{"seq"')).length;
  if (part === "ledger") assert.ok(entries >= whole && entries <= lines.length);
  else assert.equal(entries, 0);
}
