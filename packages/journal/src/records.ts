export { checkRecord, type RecordCheck } from "./record-check.ts";
