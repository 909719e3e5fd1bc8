import type { Finding } from "@stele/core/verdict";
import type { Head } from "./head.ts";
import type { SegmentReport, Tail } from "./segment-report.ts";

/**
 * What is known of the durable mark, against the last good seal. `missing`: there is no head file.
 * `torn`: it is not readable, as when a power cut hit its rewriting. `reached`: the ledger has all
 * that it names. `ahead`: it names more. `moved`: it names that seal, and another place where it
 * ends.
 */
export type HeadState = "missing" | "torn" | "reached" | "ahead" | "moved";

/**
 * `clean`: the last segment ends with a good seal. `cut`: what follows it may be set aside.
 * `refuse`: damage.
 */
export type Judgement = "clean" | "cut" | "refuse";

/**
 * Recovery as a table (spec/recovery.md section 2; a test walks every combination). One commit is
 * in flight at a time and it is acknowledged after its sync, so a crash explains damage in the
 * last commit only, and only as missing bytes. Everything else is corruption, and is left as it
 * lies.
 */
export const JUDGEMENTS: readonly {
  readonly head: readonly HeadState[];
  readonly tail: readonly Tail["kind"][];
  readonly sealsBehind: readonly Tail["sealsBehind"][];
  readonly judgement: Judgement;
  readonly why: string;
}[] = [
  {
    head: ["ahead"],
    tail: ["none", "entries", "torn", "bad"],
    sealsBehind: ["none", "last", "more"],
    judgement: "refuse",
    why: "entries that were acknowledged are missing or damaged",
  },
  {
    head: ["moved"],
    tail: ["none", "entries", "torn", "bad"],
    sealsBehind: ["none", "last", "more"],
    judgement: "refuse",
    why: "seals in front of the last good one were removed or added since it was written",
  },
  {
    head: ["missing", "torn", "reached"],
    tail: ["none"],
    sealsBehind: ["none"],
    judgement: "clean",
    why: "everything is sealed",
  },
  {
    head: ["missing", "torn", "reached"],
    tail: ["entries"],
    sealsBehind: ["none"],
    judgement: "cut",
    why: "a crash came before the commit's seal was written",
  },
  {
    head: ["missing", "torn", "reached"],
    tail: ["torn"],
    sealsBehind: ["none"],
    judgement: "cut",
    why: "a crash tore the commit that was being written",
  },
  {
    head: ["torn", "reached"],
    tail: ["torn"],
    sealsBehind: ["last"],
    judgement: "cut",
    why: "a crash left a hole in the commit that was being written; its seal was on disk first",
  },
  {
    head: ["missing"],
    tail: ["torn"],
    sealsBehind: ["last"],
    judgement: "refuse",
    why: "nothing says that the commit with the hole was not acknowledged",
  },
  {
    head: ["missing", "torn", "reached"],
    tail: ["torn"],
    sealsBehind: ["more"],
    judgement: "refuse",
    why: "later commits prove that this one was whole",
  },
  {
    head: ["missing", "torn", "reached"],
    tail: ["bad"],
    sealsBehind: ["none", "last", "more"],
    judgement: "refuse",
    why: "no crash changes a byte into another",
  },
  {
    head: ["missing", "torn", "reached"],
    tail: ["none", "entries"],
    sealsBehind: ["last", "more"],
    judgement: "refuse",
    why: "cannot be: without a bad line there is nothing behind it",
  },
];

/** What a judgement rests on. */
type EndOfLedger = Pick<SegmentReport, "header" | "end" | "tail" | "sizeBytes">;

/** What the last segment's end means, and what is wrong when it means damage. */
export function judge(
  report: EndOfLedger,
  head: Head | "missing" | "torn",
): { readonly judgement: Judgement; readonly finding: Finding | undefined } {
  const { tail, end } = report;
  const state = headState(report, head);
  const { judgement } = JUDGEMENTS.find(
    (row) =>
      row.head.includes(state) &&
      row.tail.includes(tail.kind) &&
      row.sealsBehind.includes(tail.sealsBehind),
  )!;
  if (judgement !== "refuse") return { judgement, finding: undefined };
  if (state === "moved") return { judgement, finding: moved(report, head as Head) };
  const cutShort = state === "ahead" && tail.kind !== "bad" && endsEarly(report, head as Head);
  const finding = cutShort ? undefined : tail.finding;
  return { judgement, finding: finding ?? missing(head as Head, end.sealedSize) };
}

function endsEarly(report: EndOfLedger, head: Head): boolean {
  return head.segment > report.header.first || head.segmentBytes > report.sizeBytes;
}

/** The finding that a head which names more entries than the ledger has stands for. */
function missing(head: Head, sealedSize: number): Finding {
  return {
    verdict: "truncated",
    seq: sealedSize,
    reason: `${head.size} entries were on disk, ${sealedSize} are left`,
  };
}

/** Entries and hashes are what they were, so only lines that are neither can be missing. */
function moved({ header, end }: EndOfLedger, { segmentBytes }: Head): Finding {
  const places = `the last seal ended at byte ${segmentBytes}, and ends at ${end.sealedBytes}`;
  const reason = `seals were removed or added in its segment: ${places}`;
  return { verdict: "tampered", seq: header.first, reason };
}

function headState({ header, end }: EndOfLedger, head: Head | "missing" | "torn"): HeadState {
  if (typeof head === "string") return head;
  if (head.size > end.sealedSize) return "ahead";
  const isOfThisSeal = head.size === end.sealedSize && head.segment === header.first;
  return isOfThisSeal && head.segmentBytes !== end.sealedBytes ? "moved" : "reached";
}
