import { SteleError } from "@stele/core/error";
import { digestOf } from "./decision.ts";
import { typedEvent, type Input, type TypedEvent } from "./event.ts";
import type { ReviewData } from "./types/review.ts";

/** What was reviewed, and what the critic wrote about it. */
export interface ReviewContent {
  readonly director: Uint8Array | string;
  readonly critic: Uint8Array | string;
}

/** A review before it is recorded: the hashes follow from the contents. */
export type ReviewInput = Input<
  Omit<ReviewData, "directorHash" | "criticHash"> &
    Partial<Pick<ReviewData, "directorHash" | "criticHash">>
>;

/** A review and its contents, as `append` takes them. */
export interface Review {
  readonly event: TypedEvent<"review">;
  readonly content: ReviewContent;
}

/**
 * A `review` event with the hashes of its contents, and the contents: for
 * `append(event, { content, signer })`. Throws RECORD_INVALID when it has a hash that is not the
 * content's.
 */
export function review(input: ReviewInput, content: ReviewContent): Review {
  const hashes = { directorHash: digestOf(content.director), criticHash: digestOf(content.critic) };
  requireSame(input, hashes);
  const { director, critic } = content;
  return { event: typedEvent("review", { ...input, ...hashes }), content: { director, critic } };
}

/**
 * Holds a recorded review against contents, such as those that were read back. Throws
 * RECORD_INVALID when a hash is not the content's.
 */
export function checkReview(recorded: { readonly data?: unknown }, content: ReviewContent): void {
  const data = (recorded.data ?? {}) as Partial<ReviewData>;
  const { directorHash = null, criticHash = null } = data;
  const hashes = { directorHash: digestOf(content.director), criticHash: digestOf(content.critic) };
  requireSame({ directorHash, criticHash }, hashes);
}

function requireSame(
  stated: { readonly directorHash?: unknown; readonly criticHash?: unknown },
  hashes: Readonly<Record<"directorHash" | "criticHash", string>>,
): void {
  for (const name of ["directorHash", "criticHash"] as const) {
    const value = stated[name];
    if (value === undefined || value === hashes[name]) continue;
    const which = name === "directorHash" ? "director" : "critic";
    const expected = `${hashes[name]}, the SHA-256 of the content ${which}`;
    const field = `/data/${name}: expected ${expected}, got ${JSON.stringify(value)}`;
    const message = `not a review record: ${field}`;
    throw new SteleError("RECORD_INVALID", message);
  }
}
