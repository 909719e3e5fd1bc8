import { base64, frontier, leafHash, sha256, treeRoot, type SealingKey } from "./crypto.ts";

/** 64 zeros: what the first entry names as its predecessor. */
const ZEROS: string = "0".repeat(64);

/** The time of entry `seq`. */
function timeOf(seq: number): string {
  return new Date(Date.UTC(2026, 10, 20, 23, 35, 32, seq)).toISOString();
}

/** An entry's line for a leaf, whatever the leaf says. */
export function entryLine(leaf: string): string {
  return `${leaf.slice(0, -1)},"hash":"${leafHash(leaf)}"}`;
}

/** A checkpoint's text: what a seal signs. */
export function checkpointText(origin: string, size: number, root: string): string {
  return `${origin}\n${size}\n${base64(root)}\n`;
}

/** A seal's line for a signed note. */
export function sealLine(note: string): string {
  return JSON.stringify({ seal: note });
}

/** The 64 bytes of `head`. */
export function headText(size: number, segment: number, segmentBytes: number): string {
  const fields = [
    String(size).padStart(16, "0"),
    String(segment).padStart(16, "0"),
    String(segmentBytes).padStart(12, "0"),
  ].join(" ");
  return `${fields} ${sha256(`stele head ${fields}`).slice(0, 16)}\n`;
}

/** What differs from a right entry. */
export interface Leaf {
  readonly seq?: string;
  readonly prev?: string;
  readonly time?: string;
  readonly event: string;
}

/** A journal in the making: lines by segment. Methods return the line that they add. */
export class TestJournal {
  /** What seals now. */
  key: SealingKey;
  readonly #firstKey: SealingKey;
  readonly segments: { readonly first: number; readonly lines: string[] }[] = [];
  readonly hashes: string[] = [];
  #sealedSize = 0;
  #sealedBytes = 0;
  #sealedSegment = 0;

  constructor(key: SealingKey) {
    this.key = key;
    this.#firstKey = key;
    this.rotate();
  }

  /** The last segment's lines. */
  get lines(): string[] {
    return this.segments.at(-1)!.lines;
  }

  get size(): number {
    return this.hashes.length;
  }

  get root(): string {
    return treeRoot(this.hashes);
  }

  /** Starts a segment. */
  rotate(): string {
    const header = this.header();
    this.segments.push({ first: this.size, lines: [header] });
    return header;
  }

  /** The header of a segment that starts here. */
  header(): string {
    return JSON.stringify({
      stele: 1,
      origin: this.key.name,
      first: this.size,
      prev: this.hashes.at(-1) ?? ZEROS,
      frontier: frontier(this.hashes),
    });
  }

  /** The leaf that would come next. */
  leaf({ seq, prev, time, event }: Leaf): string {
    const place = `"seq":${seq ?? this.size},"prev":"${prev ?? this.hashes.at(-1) ?? ZEROS}"`;
    return `{${place},"time":"${time ?? timeOf(this.size)}","event":${event}}`;
  }

  /** Adds an entry. */
  append(event: string, time?: string): string {
    const leaf = this.leaf({ event, ...(time === undefined ? {} : { time }) });
    this.hashes.push(leafHash(leaf));
    this.lines.push(entryLine(leaf));
    return this.lines.at(-1)!;
  }

  /** The text that a seal here signs. */
  checkpoint(): string {
    return checkpointText(this.key.name, this.size, this.root);
  }

  /** The signed note of a seal here. */
  note(by: SealingKey = this.key): string {
    const text = this.checkpoint();
    return `${text}\n${by.signatureLine(text)}`;
  }

  /** Adds a seal. */
  seal(by?: SealingKey): string {
    this.lines.push(sealLine(this.note(by)));
    this.#sealedSize = this.size;
    this.#sealedBytes = Buffer.byteLength(`${this.lines.join("\n")}\n`);
    this.#sealedSegment = this.segments.at(-1)!.first;
    return this.lines.at(-1)!;
  }

  /** Adds a commit of so many small entries. */
  commit(count: number): void {
    for (let index = 0; index < count; index++) this.append(smallEvent(this.size));
    this.seal();
  }

  /** Adds an entry that names the next key, and a seal; a segment is for the caller to start. */
  follow(next: SealingKey, reason = "rotated", by?: SealingKey): void {
    this.append(keyEvent(next.vkey, reason));
    this.seal(by);
    this.key = next;
  }

  /** The head that a writer leaves behind the last seal. */
  head(): string {
    const bytes = this.#sealedBytes || Buffer.byteLength(`${this.segments[0]!.lines[0]}\n`);
    return headText(this.#sealedSize, this.#sealedSegment, bytes);
  }

  /** All files of the journal, with the head as it is now. */
  files(): Record<string, string> {
    const ledger = this.segments.map(({ first, lines }) => [
      segmentPath(first),
      lines.map((line) => `${line}\n`).join(""),
    ]);
    return {
      "stele.json": manifest(this.#firstKey),
      ...(Object.fromEntries(ledger) as Record<string, string>),
      head: this.head(),
    };
  }
}

/** The event that stands for any event. */
export function smallEvent(seq: number): string {
  return `{"type":"test.event","data":{"i":${seq}}}`;
}

/** The event that ends an epoch. */
export function keyEvent(vkey: string, reason = "rotated"): string {
  return `{"type":"stele.key","data":{"publicKey":"${vkey}","reason":"${reason}"}}`;
}

/** The event of entry 0 that names a recovery key. */
export function recoveryKeyEvent(vkey: string): string {
  return `{"type":"stele.recovery-key","data":{"publicKey":"${vkey}"}}`;
}

/** Where a segment lies. */
export function segmentPath(first: number): string {
  return `ledger/${String(first).padStart(20, "0")}.jsonl`;
}

/** The manifest as Stele writes it. */
function manifest(key: SealingKey): string {
  const { name: origin, vkey: publicKey } = key;
  const created = timeOf(0);
  return `${JSON.stringify({ stele: 1, origin, publicKey, created, segmentBytes: 4096 })}\n`;
}
