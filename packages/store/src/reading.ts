export type { EntryLine, PlacedLine } from "./entry-line.ts";
export type { MayBeWanted } from "./entry-search.ts";
export type { EntryPlace } from "./placed-lines.ts";
export { orUndefined } from "./files.ts";
export { firstSeal } from "./first-seal.ts";
export {
  epochOfEntry,
  epochOfSegment,
  readKeyHistory,
  type Epoch,
  type KeyHistory,
} from "./epochs.ts";
export { readHead, type Head } from "./head.ts";
export { judge } from "./judgement.ts";
export { lastSeal } from "./last-seal.ts";
export { LedgerReader, type ReadRange } from "./reader.ts";
export { checkFile } from "./recover.ts";
export type { SegmentReport } from "./segment-report.ts";
export { findSegment, listSegments, segmentPath } from "./segments.ts";
