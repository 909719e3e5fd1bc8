export {
  EXPORT_FORMATS,
  exportEntries,
  type ExportFormat,
  type ExportOptions,
  type ExportSource,
  type ExportSummary,
} from "./write/export.ts";
