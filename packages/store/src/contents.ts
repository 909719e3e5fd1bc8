export { checkContents, type ContentsReport, type ErasedContents } from "./content-check.ts";
export { entryOf, parseRawLine, scanContentLines, type RawLine } from "./content-scan.ts";
export { contentPath, findContents } from "./content-segment.ts";
export {
  countErasable,
  endErasing,
  eraseFromSegment,
  erasingFrom,
  markErasing,
} from "./erasing.ts";
