export type { ContentCursor } from "./content-cursor.ts";
export type { Consistency } from "./consistency.ts";
export type { Published, PublishOptions } from "./publish.ts";
export type { KeyEpoch } from "./reading.ts";
export type { JournalStatus } from "./status.ts";
export type { Pruned, PruneOptions } from "./prune.ts";
