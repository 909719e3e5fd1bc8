import assert from "node:assert/strict";
import { utf8 } from "@stele/core/bytes";
import { parseCheckpoint, type Checkpoint } from "@stele/core/checkpoint";
import { cosign } from "@stele/core/cosignature";
import { signingKey } from "@stele/core/key";
import { parseNote } from "@stele/core/note";
import { checkConsistency } from "@stele/core/proof";
import type { WitnessClient } from "@stele/journal/witnessing";
import { quickPrimitives } from "./quick-primitives.ts";

const KEY = signingKey(
  quickPrimitives,
  "witness.example",
  new Uint8Array(32).fill(9),
  "cosignature",
);

/**
 * A witness that no crash reaches. It fails the test when a journal shows it less than it has
 * seen, or something else: no crash may lead to that.
 */
export class StrictWitness implements WitnessClient {
  #seen: Checkpoint | undefined;

  async cosign(
    ...[text, prove]: Parameters<WitnessClient["cosign"]>
  ): ReturnType<WitnessClient["cosign"]> {
    const note = parseNote(utf8(text));
    const checkpoint = parseCheckpoint(note.text);
    const seen = this.#seen;
    if (seen) {
      assert.ok(checkpoint.size >= seen.size, `${checkpoint.size} entries, ${seen.size} were seen`);
      const growth = { oldSize: seen.size, size: checkpoint.size };
      let proof: readonly string[];
      try {
        proof = await prove(seen.size);
      } catch (error) {
        // The disk failed or the power is gone.
        const failure = { witness: "strict", reason: String(error) };
        return { cosignatures: [], satisfied: false, failures: [failure] };
      }
      const claim = { ...growth, oldRoot: seen.root, root: checkpoint.root };
      assert.ok(checkConsistency(quickPrimitives, claim, proof), "not what was seen before");
    }
    this.#seen = checkpoint;
    const line = cosign(quickPrimitives, KEY, note.text, 1_800_000_000);
    return { cosignatures: [line], satisfied: true, failures: [] };
  }
}
