export {
  isPublishedBy,
  keyOfSize,
  lostSincePublished,
  parsePublished,
  publishCheckpoint,
  readPublished,
  type PublishedCheckpoint,
} from "./checkpoint-file.ts";
