import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { detached } from "./detached.ts";
import { ElementSplitter, type Piece, type PieceSink } from "./element-splitter.ts";
import type { CheckContext, OriginEntry, Scan } from "./format.ts";
import { readLossless, whyUnread, type Lossless } from "./lossless-json.ts";
import { clip, type Findings, type Place, type Report } from "./report.ts";

/** What is particular to a format whose file is one JSON document. */
export interface JsonJudge {
  readonly format: string;
  /** What an object lacks to be an entry; undefined when it lacks nothing. */
  lacks(node: Lossless): string | undefined;
  /** Judges an entry and returns its own hash. */
  entry(node: Lossless, place: Place): string;
  /** Forgets the entry before, which cannot be read. */
  skip(): void;
  /** A member of the object around the array. */
  member(name: string, value: Lossless, place: Place): void;
  /** Judges what can only be judged at the end, and says what was protected by a key. */
  end(): { readonly keyed: boolean; readonly unprotected: readonly string[] };
}

const MAX_STATED = 16;
/** As JSON text with its name: together they fit a leaf. */
const MAX_STATED_LENGTH = 768;
/** So many members around the entries are of another format. */
const MAX_MEMBERS = 1000;

/** One pass over a JSON document of entries. */
export class JsonScan implements Scan, PieceSink {
  readonly #pieces = new ElementSplitter(this);
  readonly #context: CheckContext;
  readonly #judge: JsonJudge;
  readonly #findings: Findings;
  readonly #stated = new Map<string, string>();
  /** Hashes of the names of the members around the entries: a name may be as long as a record. */
  readonly #names = new Set<string>();
  #kept: OriginEntry[] = [];
  #entries = 0;
  #unreadable = 0;
  #head: string | null = null;

  constructor(context: CheckContext, findings: Findings, judge: JsonJudge) {
    this.#context = context;
    this.#findings = findings;
    this.#judge = judge;
  }

  write(chunk: Uint8Array): void {
    this.#pieces.write(chunk);
    if (this.#pieces.end() === "other") this.#refuse("it is no JSON array or object");
  }

  take(): readonly OriginEntry[] {
    const kept = this.#kept;
    this.#kept = [];
    return kept;
  }

  end(): Report {
    this.#judgeEnd();
    const { keyed, unprotected } = this.#judge.end();
    return {
      format: this.#judge.format,
      entries: this.#entries,
      headHash: this.#head,
      keyed,
      sizeBytes: this.#pieces.sizeBytes,
      stated: Object.fromEntries(this.#stated),
      ...this.#findings.summary(),
      unprotected,
    };
  }

  element(piece: Piece): void {
    const { line, offsetBytes } = piece;
    const place = { line, offsetBytes, index: this.#entries + this.#unreadable };
    const node = this.#read(piece, place);
    const lack = node && this.#judge.lacks(node);
    if (lack !== undefined) {
      this.#findings.add("not-an-entry", place, `the entry lacks ${lack}`);
    }
    if (node === undefined || lack !== undefined) {
      this.#unreadable++;
      this.#judge.skip();
      return;
    }
    const before = this.#findings.count;
    this.#head = this.#judge.entry(node, place);
    if (this.#context.keepEntries) {
      const problem = this.#findings.count > before ? "see the report" : null;
      const bytes = Uint8Array.from(piece.bytes);
      this.#kept.push({ index: this.#entries, offsetBytes, bytes, hash: this.#head, problem });
    }
    this.#entries++;
  }

  member(piece: Piece): void {
    const place = { line: piece.line, offsetBytes: piece.offsetBytes, index: this.#entries };
    const node = this.#read({ ...piece, bytes: braced(piece.bytes) }, place);
    if (node?.kind !== "object") return;
    for (const [name, value] of node.members) {
      if (!this.#isNew(name, place)) continue;
      this.#judge.member(name, value, place);
      if (value.kind === "string") this.#state(name, value.value);
    }
  }

  #state(name: string, value: string): void {
    if (this.#stated.size === MAX_STATED || name.length + value.length > MAX_STATED_LENGTH) return;
    if (JSON.stringify([name, value]).length > MAX_STATED_LENGTH) return;
    this.#stated.set(detached(name), detached(value));
  }

  opens({ line, offsetBytes }: Piece): void {
    this.#isNew("entries", { line, offsetBytes, index: this.#entries });
  }

  /** Of members of the same name the first counts, and the others are told. */
  #isNew(name: string, place: Place): boolean {
    if (this.#names.size >= MAX_MEMBERS) this.#refuse(`over ${MAX_MEMBERS} members around entries`);
    const hash = this.#context.primitives.sha256(utf8(name));
    if (!this.#names.has(hash)) {
      this.#names.add(hash);
      return true;
    }
    const what = `the member ${JSON.stringify(clip(name))} was there already`;
    this.#findings.add("duplicate-member", place, `readers differ on which one counts: ${what}`);
    return false;
  }

  #read(piece: Piece, place: Place): Lossless | undefined {
    const text = decodeUtf8(piece.bytes);
    if (text === undefined) {
      this.#findings.add("not-utf8", place, "the record is not UTF-8");
      return undefined;
    }
    try {
      return readLossless(text);
    } catch (error) {
      const { code, message } = whyUnread(error);
      this.#findings.add(code, place, `${message}, counted from the record's beginning`);
      return undefined;
    }
  }

  #judgeEnd(): void {
    const end = this.#pieces.end();
    if (end === "empty") this.#refuse("the file is empty");
    if (end === "other") this.#refuse("it is no JSON array or object");
    const first = this.#findings.first;
    if (end !== "torn" && !this.#pieces.hasArray) this.#refuse("it has no array of entries");
    if (this.#entries === 0 && this.#unreadable > 0) {
      this.#refuse(`line ${first?.line}: ${first?.message}`);
    }
    const { line, sizeBytes, hasMark } = this.#pieces;
    const place = { line, offsetBytes: sizeBytes, index: this.#entries + this.#unreadable };
    if (hasMark) {
      const message = "the file begins with a byte order mark, which its writer does not write";
      this.#findings.add("byte-order-mark", { line: 1, offsetBytes: 0, index: 0 }, message);
    }
    if (end === "torn") {
      const message = "the file ends in the middle of the document";
      this.#findings.add("torn", { ...place, ...this.#pieces.tornAt }, message);
    }
    if (end === "behind") {
      this.#findings.add("bytes-behind", place, "something follows behind the document's end");
    }
  }

  #refuse(what: string): never {
    throw new SteleError("IMPORT_WRONG_FORMAT", `no ${this.#judge.format} file: ${what}`, {
      offset: this.#findings.first?.offsetBytes ?? 0,
    });
  }
}

/** A member of an object, as an object of its own. */
export function braced(member: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from("{"), member, Buffer.from("}")]);
}

/** The decoded beginning of a file, to recognise a format by. */
export function beginning(untrusted: Uint8Array): string {
  return Buffer.from(untrusted.subarray(0, 16_384)).toString("latin1");
}
