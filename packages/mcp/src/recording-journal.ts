import type { Contents } from "./entry.ts";

/** What the recorder needs of a journal; that of @stele/journal has it. */
export interface RecordingJournal {
  /**
   * Resolves once the event is sealed and on disk. An event whose id is there already is not
   * appended again.
   */
  append(
    event: {
      readonly type: string;
      readonly id: string;
      readonly agent?: string;
      readonly session?: string;
      readonly parent?: string;
      readonly data: object;
    },
    options: { readonly content: Contents },
  ): Promise<unknown>;
  /** Records that events are missing, on the same terms. */
  recordGap(gap: Gap): Promise<unknown>;
  close(): Promise<void>;
}

/** What is known of events that could not be recorded. */
export interface Gap {
  readonly reason: string;
  /** RFC 3339 time of the first. */
  readonly since: string;
  readonly count: number;
  readonly [member: string]: unknown;
}
