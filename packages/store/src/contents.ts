export { checkContents, type ContentsReport, type ErasedContents } from "./content-check.ts";
export { contentPath, findContents, readContentLines } from "./content-segment.ts";
export {
  countErasable,
  endErasing,
  eraseFromSegment,
  erasingFrom,
  markErasing,
} from "./erasing.ts";
