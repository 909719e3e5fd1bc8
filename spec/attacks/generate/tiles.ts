import { base, found, intact, opens, PINNED, plain, published, REFUSED } from "./base.ts";
import type { AttackCase } from "./case.ts";

const TILE = "tile/0/000";

/** Tiles: a tree of 256 leaves fills one. */
export function tileCases(): readonly AttackCase[] {
  const journal = plain(255, 1);
  const tile = Buffer.from(journal.hashes.join(""), "hex");
  const wrong = Buffer.from(tile);
  wrong[100]! ^= 1;
  const files = published(journal);
  return [
    {
      name: "good/tiles",
      what: "256 entries, and the tile that they fill.",
      files: { ...files, [TILE]: tile },
      given: PINNED,
      expect: intact(256),
      opening: opens(),
    },
    {
      name: "tile-wrong",
      what:
        "Files only: a bit of a tile is another. The ledger is whole; who proves from " +
        "tiles must notice.",
      files: { ...files, [TILE]: wrong },
      given: PINNED,
      expect: found("corrupt", 0, 256),
    },
    {
      name: "tiles-ahead",
      what:
        "Files only: the journal of 256 entries is cut to six, with head and " +
        "DIR/checkpoint; its tile was forgotten.",
      files: { ...published(base()), [TILE]: tile },
      given: PINNED,
      expect: found("truncated", 6),
      opening: REFUSED,
    },
  ];
}
