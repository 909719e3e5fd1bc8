import { matchesAscii, utf8 } from "@stele/core/bytes";
import { commitmentsIn, type Commitments } from "@stele/core/commitments";
import { SegmentChecker, type SegmentEnd, type SegmentKeys } from "@stele/core/checker";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { ERASED_EVENT_BEGINNING, parseErasure, type Erasure } from "@stele/core/erasure";
import { SteleError } from "@stele/core/error";
import type { Hash } from "@stele/core/hash";
import type { Primitives, VerifierKey } from "@stele/core/key";
import {
  HASH_FIELD_BYTES,
  MAX_LINE_BYTES,
  sealedNote,
  type SegmentHeader,
} from "@stele/core/ledger";
import { parseNote, verifyNote, type Note } from "@stele/core/note";
import type { PrunedRecord } from "@stele/core/pruned-event";
import { leavesUpTo, type TileHash } from "@stele/core/tile";
import type { Finding } from "@stele/core/verdict";
import type { ReadableFile } from "./disk.ts";
import {
  SignatureCheck,
  type SignatureCheckOptions,
  type SignaturesReport,
} from "./signature-check.ts";
import { scanLines, type LineSink } from "./line-scanner.ts";

/** What one pass over a segment saw. */
export interface SegmentReport {
  readonly header: SegmentHeader;
  readonly end: SegmentEnd;
  /** Roots at the sizes asked for that this segment holds. */
  readonly roots: ReadonlyMap<number, Hash>;
  readonly sizeBytes: number;
  /** The full tiles whose last entry is one of its sealed ones. */
  readonly tiles: readonly TileHash[];
  /** What entries commit to, by `seq`, when it was asked for. */
  readonly commitments: ReadonlyMap<number, Commitments>;
  /** What its sealed entries say of segments that were dropped. */
  readonly pruned: readonly PrunedRecord[];
  /** What entries say was erased, by their `seq`, when commitments were asked for. */
  readonly erasures: ReadonlyMap<number, Erasure>;
  /** What agents signed, when it was asked for. */
  readonly signatures: SignaturesReport | undefined;
  /** What follows the last seal that everything before it bears out. */
  readonly tail: Tail;
  /** The recovery key that entry 0 names, when it is in this segment, or that was given. */
  readonly recoveryKey: VerifierKey | undefined;
}

/** The bytes behind the last good seal. */
export interface Tail {
  /**
   * `none`: no bytes. `entries`: well-formed entries only. `torn`: the first bad line is one that
   * a power cut explains: cut off by the end of the file, or with zeros where blocks were never
   * written. `bad`: anything else.
   */
  readonly kind: "none" | "entries" | "torn" | "bad";
  /**
   * Valid seals behind the first bad line: `none`; `last`: one, and it ends the file, as when a
   * power cut left a hole in the commit that was being written; `more`: proof that what lies
   * before them was once whole.
   */
  readonly sealsBehind: "none" | "last" | "more";
  /** What is wrong with the first bad line; undefined for `none` and `entries`. */
  readonly finding: Finding | undefined;
}

/** What a pass needs to know. */
export interface SegmentCheck {
  readonly primitives: Primitives;
  readonly origin: string;
  readonly keys: SegmentKeys;
  /** The `first` that the file name states. */
  readonly first: number;
  /** Tree sizes whose roots are wanted. */
  readonly rootsWanted?: readonly number[];
  /** Whether commitments to contents, and what was erased, are to be collected. */
  readonly wantsCommitments?: boolean;
  /** What agents' signatures are to be checked against; they are not looked at without. */
  readonly signatures?: Pick<SignatureCheckOptions, "agents" | "areSomeLost">;
  /** Called now and then with the bytes that were passed since the last call. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Checks a segment in one pass with flat memory: every line, link and seal, and what lies behind
 * the last good seal. Throws JOURNAL_DAMAGED when it has no header that fits,
 * JOURNAL_NEWER_FORMAT.
 */
export async function checkSegment(
  file: ReadableFile,
  check: SegmentCheck,
): Promise<SegmentReport> {
  const pass = new SegmentPass(check);
  await scanLines(file, {}, pass);
  return pass.report();
}

class SegmentPass implements LineSink {
  readonly #check: SegmentCheck;
  #checker: SegmentChecker | undefined;
  #finding: Finding | undefined;
  #tornByCrash = false;
  #sealsBehind = 0;
  #lastSealEnd = 0;
  #sizeBytes = 0;
  readonly #commitments = new Map<number, Commitments>();
  readonly #erasures = new Map<number, Erasure>();

  readonly #signatures: SignatureCheck | undefined;

  constructor(check: SegmentCheck) {
    this.#check = check;
    const { primitives, origin, signatures } = check;
    this.#signatures = signatures && new SignatureCheck({ primitives, origin, ...signatures });
  }

  line(buffer: Uint8Array, start: number, end: number, offsetBytes: number): undefined {
    this.#advance(offsetBytes + end - start + 1);
    if (this.#finding) return this.#lookForSeal(buffer.subarray(start, end));
    if (!this.#checker) return this.#begin(buffer.subarray(start, end));
    this.#finding = this.#checker.check(buffer, start, end);
    if (this.#finding) this.#tornByCrash = hasZero(buffer, start, end);
    else if (!isSeal(buffer, start)) this.#lookAtEntry(buffer, start, end);
    return undefined;
  }

  piece(bytes: Uint8Array, offsetBytes: number): undefined {
    this.#advance(offsetBytes + bytes.length);
    if (this.#finding || !this.#checker) return undefined;
    this.#finding = {
      verdict: "corrupt",
      seq: this.#checker.size,
      reason: "the line is cut off",
    };
    // A power cut leaves holes, or the beginning of a line.
    const beginning = bytes.length <= MAX_LINE_BYTES;
    this.#tornByCrash = beginning || hasZero(bytes, 0, bytes.length);
    return undefined;
  }

  report(): SegmentReport {
    if (!this.#checker) throw damagedHeader(this.#check.first);
    const { header, end, roots, recoveryKey } = this.#checker;
    const sizeBytes = this.#sizeBytes;
    const commitments = this.#commitments;
    const signatures = this.#signatures?.report(end.sealedSize);
    const tiles = this.#checker.tiles.filter((tile) => leavesUpTo(tile) <= end.sealedSize);
    const pruned = this.#checker.pruned.filter(({ seq }) => seq < end.sealedSize);
    const tail = this.#tail(end);
    const erasures = new Map([...this.#erasures].filter(([seq]) => seq < end.sealedSize));
    const named = { commitments, signatures, pruned, erasures };
    return { header, end, roots, tiles, sizeBytes, ...named, tail, recoveryKey };
  }

  #lookAtEntry(buffer: Uint8Array, line: number, lineEnd: number): void {
    const { size, sealedSize } = this.#checker!;
    const seq = size - 1;
    const start = line + BEFORE_SEQ_BYTES + String(seq).length + BEHIND_SEQ_BYTES;
    const end = lineEnd - HASH_FIELD_BYTES;
    if (this.#check.wantsCommitments) this.#collect(buffer, { start, end, seq });
    this.#signatures?.look(buffer.subarray(start, end), seq, sealedSize);
  }

  #collect(
    buffer: Uint8Array,
    { start, end, seq }: { readonly start: number; readonly end: number; readonly seq: number },
  ): void {
    if (matchesAscii(buffer, start, ERASED_EVENT_BEGINNING)) {
      const erasure = parseErasure(seq, buffer.subarray(start, end));
      if (erasure) this.#erasures.set(seq, erasure);
    }
    const commitments = commitmentsIn(buffer, start, end);
    if (commitments.size > 0) this.#commitments.set(seq, commitments);
  }

  #begin(line: Uint8Array): undefined {
    const { first, origin } = this.#check;
    this.#checker = checkerBehind(line, this.#check);
    const { header } = this.#checker;
    if (header.first !== first) throw damagedHeader(first);
    if (header.origin !== origin) {
      const message = `the segment is of ${header.origin}, not of ${origin}`;
      throw new SteleError("JOURNAL_DAMAGED", message, { seq: first });
    }
    return undefined;
  }

  /**
   * Only a seal that verifies counts: its root cannot be checked behind a bad line, its signature
   * can.
   */
  #lookForSeal(line: Uint8Array): undefined {
    const { origin } = this.#check;
    const note = line[4] === 0x61 ? sealedNote(line) : undefined;
    if (note === undefined) return undefined;
    try {
      const parsed = parseNote(utf8(note));
      this.#verifySeal(parsed);
      const sealed = parseCheckpoint(parsed.text);
      if (sealed.origin !== origin || sealed.size <= this.#checker!.end.sealedSize)
        return undefined;
    } catch (error) {
      if (error instanceof SteleError) return undefined;
      throw error;
    }
    this.#sealsBehind++;
    this.#lastSealEnd = this.#sizeBytes;
    return undefined;
  }

  #verifySeal(note: Note): void {
    const { primitives, keys } = this.#check;
    const recoveryKey = this.#checker?.recoveryKey;
    const [signature] = note.signatures;
    const isRecovery = recoveryKey !== undefined && signature?.keyId === recoveryKey.keyId;
    verifyNote(primitives, note, isRecovery ? recoveryKey : keys.key);
  }

  #tail(end: SegmentEnd): Tail {
    const finding = this.#finding;
    if (!finding) {
      const kind = this.#sizeBytes === end.sealedBytes ? "none" : "entries";
      return { kind, sealsBehind: "none", finding };
    }
    return { kind: this.#tornByCrash ? "torn" : "bad", sealsBehind: this.#behind(), finding };
  }

  #behind(): Tail["sealsBehind"] {
    if (this.#sealsBehind === 0) return "none";
    return this.#sealsBehind === 1 && this.#lastSealEnd === this.#sizeBytes ? "last" : "more";
  }

  #advance(sizeBytes: number): void {
    this.#check.onProgress?.(sizeBytes - this.#sizeBytes);
    this.#sizeBytes = sizeBytes;
  }
}

/** `{"seq":` */
const BEFORE_SEQ_BYTES = 7;
/** `,"prev":"…","time":"…","event":` */
const BEHIND_SEQ_BYTES = 9 + 64 + 10 + 24 + 10;

/** The lines behind the header are entries and seals. */
function isSeal(buffer: Uint8Array, start: number): boolean {
  return buffer[start + 4] === 0x61;
}

function hasZero(buffer: Uint8Array, start: number, end: number): boolean {
  const zero = buffer.indexOf(0, start);
  return zero >= 0 && zero < end;
}

function checkerBehind(header: Uint8Array, check: SegmentCheck): SegmentChecker {
  const { primitives, keys, rootsWanted, first } = check;
  try {
    return new SegmentChecker(primitives, keys, header, rootsWanted);
  } catch (error) {
    if (!(error instanceof SteleError) || error.code !== "JOURNAL_DAMAGED") throw error;
    throw damagedHeader(first);
  }
}

function damagedHeader(first: number): SteleError {
  const message = `the segment that starts at entry ${first} has no header that fits its name`;
  return new SteleError("JOURNAL_DAMAGED", message, { seq: first });
}
