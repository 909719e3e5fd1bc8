import { ElementSplitter, type Piece, type PieceSink } from "./element-splitter.ts";
import { braced } from "./json-scan.ts";
import { readLossless, stringOf } from "./lossless-json.ts";

/**
 * The text that a JSON document of entries has beside them under this name, the first if there are
 * several; undefined when there is none. Judges nothing. Throws IMPORT_TOO_LARGE.
 */
export async function readMember(
  untrusted: AsyncIterable<Uint8Array>,
  name: string,
): Promise<string | undefined> {
  const search = new MemberSearch(name);
  const pieces = new ElementSplitter(search);
  for await (const chunk of untrusted) {
    pieces.write(chunk);
    if (search.found !== undefined) break;
  }
  return search.found;
}

class MemberSearch implements PieceSink {
  readonly #name: string;
  found: string | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  element(): void {}

  opens(): void {}

  member({ bytes }: Piece): void {
    if (this.found !== undefined) return;
    try {
      const node = readLossless(Buffer.from(braced(bytes)).toString());
      this.found = stringOf(node, this.#name);
    } catch {
      // The check itself tells what is wrong with it.
    }
  }
}
