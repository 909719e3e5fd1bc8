/** What a recorder could not record, and why. */
export interface Gap {
  readonly reason: string;
  /** ISO 8601: when the gap began. */
  readonly since: string;
  /** How many events are missing, as far as known. */
  readonly count: number;
  readonly [detail: string]: unknown;
}

/** A file of another system that was taken over, as it was found. */
export interface Imported {
  readonly format: string;
  /** The file's name. */
  readonly source: string;
  readonly sizeBytes: number;
  /** Of all its bytes. */
  readonly sha256: string;
  readonly verdict: string;
  readonly entries: number;
  /** The last record's own hash. */
  readonly headHash: string | null;
  readonly [detail: string]: unknown;
}
