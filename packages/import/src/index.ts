export { calybris } from "./calybris.ts";
export { checkOrigin, type CheckOptions } from "./check.ts";
export { chio } from "./chio.ts";
export type { CheckContext, Format, MappedEvent, OriginEntry, Scan } from "./format.ts";
export { FORMATS, recogniseFormat, type Recognised, type Unrecognised } from "./formats.ts";
export { hoosh } from "./hoosh.ts";
export { readMember } from "./read-member.ts";
export type { Finding, FindingCode, OriginVerdict, Report } from "./report.ts";
export { orderSegments, type Segment } from "./segments.ts";
export { stemedb } from "./stemedb.ts";
export { symbi } from "./symbi.ts";
export {
  EXPORT_FORMATS,
  exportEntries,
  type ExportFormat,
  type ExportOptions,
  type ExportSource,
  type ExportSummary,
} from "./write/export.ts";
