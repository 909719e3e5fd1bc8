export type { Hold, Selection } from "@stele/core/hold";
export type { Erased, EraseOptions } from "./eraser.ts";
export type { HoldOptions, ReleaseOptions } from "./holds.ts";
