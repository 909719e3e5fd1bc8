/** The part of hypercore that the benchmark uses; the package has no types of its own. */
declare module "hypercore" {
  export default class Hypercore {
    constructor(dir: string);
    ready(): Promise<void>;
    append(blocks: readonly Uint8Array[]): Promise<unknown>;
    close(): Promise<void>;
  }
}
