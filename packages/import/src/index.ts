export { calybris } from "./calybris.ts";
export { checkOrigin, type CheckOptions } from "./check.ts";
export { chio } from "./chio.ts";
export type { CheckContext, Format, MappedEvent, OriginEntry, Scan } from "./format.ts";
export { FORMATS, recogniseFormat, RECOGNISED_BY_BYTES, type Recognised } from "./formats.ts";
export { hoosh } from "./hoosh.ts";
export type { Finding, FindingCode, OriginVerdict, Report } from "./report.ts";
export { stemedb } from "./stemedb.ts";
export { symbi } from "./symbi.ts";
