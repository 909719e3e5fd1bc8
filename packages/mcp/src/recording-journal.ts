import type { Journal } from "@stele/journal";

/** What the recorder needs of a journal. */
export type RecordingJournal = Pick<Journal, "append" | "recordGap" | "close">;
