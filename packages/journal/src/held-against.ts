import { EMPTY_ROOT, type Hash } from "@stele/core/hash";
import type { Primitives } from "@stele/core/key";
import type { Finding, Verdict } from "@stele/core/verdict";
import type { KeyHistory } from "@stele/store/reading";
import {
  isPublishedBy,
  keyOfSize,
  lostSincePublished,
  type PublishedCheckpoint,
} from "@stele/store/checkpoint";
import { isBySomebodyElse, type KeptCheckpoint } from "./held-checkpoint.ts";
import type { Witnessed } from "./pinned-witnesses.ts";

/** Checkpoints that a journal is held against, and how old the newest of them may be. */
export interface Checkpoints {
  /** From outside. */
  readonly kept: KeptCheckpoint | undefined;
  /** The journal's own, and who of the pinned witnesses countersigned it. */
  readonly published: Published;
  /** By when a witness must have seen the journal. */
  readonly notBeforeMs: number | undefined;
}

/** DIR/checkpoint. `unverified`: a cosignature in it is not by the pinned witness that it names. */
export type Published =
  | "missing"
  | "malformed"
  | "unverified"
  | { readonly file: PublishedCheckpoint; readonly witnessed: Witnessed | undefined };

/** What was followed without a finding. */
export interface Followed {
  readonly size: number;
  /** Roots at the checkpoints' sizes, where they were reached. */
  readonly roots: ReadonlyMap<number, Hash>;
  readonly history: KeyHistory;
  readonly primitives: Primitives;
}

/** What is wrong with the journal by its own checkpoint, then by those from outside. */
export function holdAgainst(journal: Followed, checkpoints: Checkpoints): Finding | undefined {
  return (
    holdAgainstPublished(journal, checkpoints.published) ??
    (checkpoints.kept && holdAgainstKept(journal, checkpoints.kept)) ??
    holdAgainstAge(journal, checkpoints)
  );
}

function holdAgainstPublished(journal: Followed, published: Published): Finding | undefined {
  const { size, history, primitives } = journal;
  if (published === "missing") return undefined;
  const corrupt = (reason: string): Finding => ({ verdict: "corrupt", seq: size, reason });
  if (published === "malformed") return corrupt("DIR/checkpoint is no checkpoint of this journal");
  if (published === "unverified") {
    return corrupt("a cosignature in DIR/checkpoint is not by the witness that it names");
  }
  const { file } = published;
  const lost = lostSincePublished(primitives, { history, size }, file);
  if (lost !== undefined) return { verdict: "truncated", seq: size, reason: lost };
  if (!isPublishedBy(primitives, file, keyOfSize(history, file.checkpoint.size))) {
    return corrupt("DIR/checkpoint is not signed by the key of its entries");
  }
  return matches(journal, file.checkpoint) ? undefined : forked("its own checkpoint", file);
}

function holdAgainstKept(journal: Followed, kept: KeptCheckpoint): Finding | undefined {
  const { size } = kept.checkpoint;
  if (size > journal.size) {
    const reason = `the checkpoint is of ${size} entries, ${journal.size} are left`;
    return { verdict: "rolled-back", seq: journal.size, reason };
  }
  if (!matches(journal, kept.checkpoint)) return forked("the checkpoint", kept);
  if (!isBySomebodyElse(kept, keyOfSize(journal.history, size))) return undefined;
  const { name, keyId } = kept.signer!;
  const reason = `the checkpoint is of these entries, but by ${name}+${keyId}, not by their key`;
  return { verdict: "re-signed", seq: 0, reason };
}

function holdAgainstAge(journal: Followed, checkpoints: Checkpoints): Finding | undefined {
  const { notBeforeMs } = checkpoints;
  if (notBeforeMs === undefined) return undefined;
  const times = [checkpoints.kept, ofFile(checkpoints.published)].map(
    (held) => held?.witnessed?.atMs ?? -Infinity,
  );
  const latestMs = Math.max(...times);
  if (latestMs >= notBeforeMs) return undefined;
  const reason =
    latestMs === -Infinity
      ? "no witness that you named has countersigned it"
      : `witnesses saw it at ${toTime(latestMs)} last, before ${toTime(notBeforeMs)}`;
  return { verdict: "stale", seq: findAnchored(journal, checkpoints)?.size ?? 0, reason };
}

/** The most that evidence from outside shows to be what it was; null when it shows nothing. */
export function findAnchored(
  journal: Pick<Followed, "size" | "roots">,
  { kept, published }: Checkpoints,
): Verdict["anchored"] {
  const file = ofFile(published);
  const held = [kept, file?.witnessed && file].filter((one) => one !== undefined);
  const [best] = held
    .filter(({ checkpoint }) => checkpoint.size > 0 && matches(journal, checkpoint))
    .toSorted(
      (left, right) =>
        right.checkpoint.size - left.checkpoint.size ||
        Number(right.witnessed !== undefined) - Number(left.witnessed !== undefined),
    );
  if (!best) return null;
  const { checkpoint, witnessed } = best;
  return {
    size: checkpoint.size,
    by: witnessed ? "witnesses" : "checkpoint",
    witnesses: witnessed?.by ?? [],
    at: witnessed ? toTime(witnessed.atMs) : null,
  };
}

/** Whether a checkpoint from outside shows that one of the journal's keys is its own. */
export function bearsOutKey(
  journal: Pick<Followed, "size" | "roots" | "history">,
  { kept }: Checkpoints,
): boolean {
  if (!kept?.signer || !matches(journal, kept.checkpoint)) return false;
  return !isBySomebodyElse(kept, keyOfSize(journal.history, kept.checkpoint.size));
}

function ofFile(
  published: Published,
): Pick<KeptCheckpoint, "checkpoint" | "witnessed"> | undefined {
  if (typeof published === "string") return undefined;
  return { checkpoint: published.file.checkpoint, witnessed: published.witnessed };
}

function matches(
  { size, roots }: Pick<Followed, "size" | "roots">,
  checkpoint: { readonly size: number; readonly root: Hash },
): boolean {
  if (checkpoint.size > size) return false;
  const root = checkpoint.size === 0 ? EMPTY_ROOT : roots.get(checkpoint.size);
  return root === checkpoint.root;
}

function forked(
  what: string,
  { checkpoint }: { readonly checkpoint: { readonly size: number } },
): Finding {
  const reason = `${what} was signed for other entries than the first ${checkpoint.size}`;
  return { verdict: "forked", seq: 0, reason };
}

/** The latest that a Date can hold. */
const MAX_TIME_MS = 8.64e15;

function toTime(ms: number): string {
  return new Date(Math.max(-MAX_TIME_MS, Math.min(ms, MAX_TIME_MS))).toISOString();
}
