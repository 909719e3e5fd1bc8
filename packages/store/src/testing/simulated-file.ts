import { ByteImage } from "./byte-image.ts";
import type { SeededRandom } from "./seeded-random.ts";

type Change =
  | { readonly kind: "write"; readonly bytes: Uint8Array; readonly offsetBytes: number }
  | { readonly kind: "truncate"; readonly sizeBytes: number };

/** What a crash does to the unsynced changes of a file: all of them, none, or each as it falls. */
const LUCK = ["all", "none", "each", "each", "each", "each"] as const;
const CUTS_MAX = 4;

/**
 * A file as readers see it, and as the medium has it. The two differ by the unsynced changes, and
 * by what a failed sync dropped: readers go on seeing that, but no later sync carries it to the
 * medium.
 */
export class SimulatedFile {
  #visible = new ByteImage();
  #durable = new ByteImage();
  #unsynced: Change[] = [];

  get sizeBytes(): number {
    return this.#visible.sizeBytes;
  }

  read(into: Uint8Array, offsetBytes: number): number {
    const bytes = this.#visible.view(offsetBytes, into.byteLength);
    into.set(bytes);
    return bytes.byteLength;
  }

  write(bytes: Uint8Array, offsetBytes: number): void {
    this.#change({ kind: "write", bytes, offsetBytes });
  }

  truncate(sizeBytes: number): void {
    this.#change({ kind: "truncate", sizeBytes });
  }

  sync(): void {
    for (const change of this.#unsynced) apply(change, this.#durable);
    this.#unsynced = [];
  }

  /**
   * What the kernel does when writing back fails: the pages count as clean, and the medium never
   * gets them.
   */
  dropUnsynced(): void {
    this.#unsynced = [];
  }

  copy(): SimulatedFile {
    const copy = new SimulatedFile();
    copy.#visible = this.#visible.copy();
    copy.#durable = this.#durable.copy();
    copy.#unsynced = [...this.#unsynced];
    return copy;
  }

  /** The file after a power cut: what was durable, and whatever the cut let through of the rest. */
  afterCrash(random: SeededRandom): SimulatedFile {
    const left = this.#durable.copy();
    const luck = LUCK[random.below(LUCK.length)]!;
    for (const change of this.#unsynced) {
      if (luck === "all") apply(change, left);
      else if (luck === "each") tear(change, left, random);
    }
    const file = new SimulatedFile();
    file.#visible = left;
    file.#durable = left.copy();
    return file;
  }

  #change(change: Change): void {
    apply(change, this.#visible);
    this.#unsynced.push(change);
  }
}

function apply(change: Change, image: ByteImage): void {
  if (change.kind === "write") image.write(change.bytes, change.offsetBytes);
  else image.resize(change.sizeBytes);
}

/** Applies the change whole, not at all or, if it is a write, in part. */
function tear(change: Change, image: ByteImage, random: SeededRandom): void {
  const fate = random.below(3);
  if (fate === 0) return;
  if (fate === 1 || change.kind === "truncate") apply(change, image);
  else writePieces(change.bytes, change.offsetBytes, { image, random });
}

interface Medium {
  readonly image: ByteImage;
  readonly random: SeededRandom;
}

/**
 * Cuts the bytes anywhere, and writes any of the pieces. The file may grow to its new size in any
 * case.
 */
function writePieces(bytes: Uint8Array, offsetBytes: number, { image, random }: Medium): void {
  const sizeBytes = offsetBytes + bytes.byteLength;
  if (random.below(2) === 0) image.resize(Math.max(image.sizeBytes, sizeBytes));
  const cuts = Array.from({ length: 1 + random.below(CUTS_MAX) }, () =>
    cutIn(bytes.byteLength, random),
  );
  const ends = [...cuts, bytes.byteLength].toSorted((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    if (random.below(2) === 0) image.write(bytes.subarray(start, end), offsetBytes + start);
    start = end;
  }
}

/** Anywhere, but often near the end, where the last bytes of a line matter most. */
function cutIn(lengthBytes: number, random: SeededRandom): number {
  if (random.below(4) > 0) return random.below(lengthBytes + 1);
  return Math.max(0, lengthBytes - 1 - random.below(3));
}
