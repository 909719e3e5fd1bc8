export type { Ack, Receipt } from "./batch.ts";
export type { ContentInput } from "./content-input.ts";
export { createJournalFiles, type CreateOptions } from "./create.ts";
export { readCursors, removeCursor, writeCursor } from "./cursors.ts";
export type { Clock, Disk, Random } from "./disk.ts";
export { readManifest, type Manifest } from "./manifest.ts";
export { openForAppending, type OpenJournal } from "./open.ts";
export type { World } from "./world.ts";
export type { WriteOptions, Writer } from "./writer.ts";
