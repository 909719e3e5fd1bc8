import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { checkReview, digestOf, review } from "@stele/records";
import { DIGEST, refusal } from "./support.ts";

const assessed = {
  agent: "critic-1",
  verdict: "needs_revision",
  score: 0.4,
  dimensions: { accuracy: 0.2, style: 0.6 },
  critic: { type: "human", userId: "u-1", name: "Ada" },
  iteration: 2,
} as const;
const content = { director: "The moon is made of cheese.", critic: "It is not." };

suite("symbi: reviews of director and critic", () => {
  test("a review has the SHA-256 of both texts, and hands the texts on as contents", () => {
    const made = review(assessed, content);
    assert.deepEqual(made.content, content);
    assert.equal(made.event.agent, "critic-1");
    const { directorHash, criticHash, ...rest } = made.event.data;
    assert.equal(directorHash, digestOf(content.director));
    assert.equal(criticHash, digestOf(content.critic));
    const { agent: _, ...data } = assessed;
    assert.deepEqual(rest, data);
  });

  test("a hash that is not the content's is refused", () => {
    const directorHash = digestOf(content.director);
    review({ ...assessed, directorHash }, content);
    const message =
      /\/data\/directorHash: expected [0-9a-f]{64}, the SHA-256 of the content director/;
    assert.throws(() => review({ ...assessed, directorHash: DIGEST }, content), refusal(message));
    const other = /\/data\/criticHash: /;
    assert.throws(() => review({ ...assessed, criticHash: DIGEST }, content), refusal(other));
  });

  test("contents that were read back are held against the recorded hashes", () => {
    const { event } = review(assessed, content);
    checkReview(event, { director: Buffer.from(content.director), critic: content.critic });
    const changed = { ...content, critic: "It is." };
    assert.throws(() => checkReview(event, changed), refusal(/criticHash/));
    assert.throws(() => checkReview({ data: {} }, content), refusal(/directorHash.*got null$/));
  });
});
