import { concatBytes, utf8 } from "@stele/core/bytes";
import { formatCheckpoint } from "@stele/core/checkpoint";
import { Frontier } from "@stele/core/frontier";
import { leafHash, ZERO_HASH } from "@stele/core/hash";
import { formatHashField, formatHeader, formatSeal } from "@stele/core/ledger";
import { primitives, testKey } from "./key.ts";

/** Bytes of an event in the ledger; what is given back stands there instead. */
export type Edit = (event: Buffer, seq: number) => Uint8Array;

const KEY = testKey();

/**
 * The segments as the journal's keeper would retell them: other events, and all hashes, headers and
 * seals right again under the same key. No more entries and no fewer.
 */
export function reseal(segments: readonly Uint8Array[], edit: Edit): readonly Uint8Array[] {
  const tree = new Frontier(primitives);
  const past = { tree, prev: ZERO_HASH };
  return segments.map((bytes) => {
    const lines: Uint8Array[] = [];
    for (let start = 0; start < bytes.length;) {
      const end = bytes.indexOf(0x0a, start) + 1;
      lines.push(retold(Buffer.from(bytes.subarray(start, end)), past, edit));
      start = end;
    }
    return concatBytes(lines);
  });
}

function retold(
  line: Buffer,
  past: { readonly tree: Frontier; prev: typeof ZERO_HASH },
  edit: Edit,
): Uint8Array {
  const { tree } = past;
  const origin = KEY.name;
  if (line.indexOf('{"seal":') === 0) {
    const checkpoint = { origin, size: tree.size, root: tree.root() };
    const signature = primitives.sign(KEY.seed, utf8(formatCheckpoint(checkpoint)));
    return utf8(formatSeal(checkpoint, KEY, signature));
  }
  if (line.indexOf('{"seq":') !== 0) {
    const header = { origin, first: tree.size, prev: past.prev, frontier: tree.nodes };
    return utf8(`${formatHeader(header)}\n`);
  }
  const [from, to] = [line.indexOf(',"event":') + 9, line.lastIndexOf(',"hash":"')];
  const { time } = JSON.parse(line.toString()) as { readonly time: string };
  const place = `{"seq":${tree.size},"prev":"${past.prev}","time":"${time}","event":`;
  const beginning = concatBytes([utf8(place), edit(line.subarray(from, to), tree.size)]);
  const hash = leafHash(primitives, concatBytes([beginning, utf8("}")]));
  tree.append(hash);
  past.prev = hash;
  return concatBytes([beginning, utf8(formatHashField(hash))]);
}
