/**
 * Every error that Stele raises on purpose, by its stable code. `fix` is what the reader can do
 * about it. spec/errors.md documents each; a test binds table and document both ways.
 */
export const ERRORS = {
  JSON_SYNTAX: "correct the JSON at that position",
  JSON_DUPLICATE_KEY: "keep one of the two members",
  JSON_LONE_SURROGATE: "replace the unpaired \\uD800-\\uDFFF escape",
  JSON_NUMBER_INEXACT: "send the number as a string, or ask for such numbers to be kept as strings",
  JSON_TOO_DEEP: "flatten the value, or store it as content",
  JSON_NOT_UTF8: "send UTF-8",
  EVENT_INVALID: 'send a JSON object with a "type", as spec/ledger.md section 3 says',
  RECORD_INVALID: "correct that field, as docs/records.md and spec/records say",
  SIGNATURE_INVALID: "sign the event as it is, with a key of its agent that the journal knows",
  AGENT_KEY_UNKNOWN:
    "add the key with: stele agent DIR add AGENT VKEY; or sign with one that is there",
  EVENT_TOO_LARGE: "put the bulky part into content",
  CONTENT_INVALID: "name contents with 1 to 64 letters, digits, dots, dashes or underscores",
  CONTENT_TOO_LARGE: "split the content, or store it elsewhere and record its hash",
  CONTENT_ERASED: "it is gone; the entry that it names says when, by whom and why",
  HELD: "release the hold first: stele hold DIR release NAME --reason TEXT",
  KEY_MALFORMED: "check that the key was copied whole",
  KEY_MISSING: "set STELE_KEY or STELE_KEY_FILE, or restore the key file",
  KEY_MISMATCH: "give the key that belongs to this journal",
  KEY_NOT_KEPT: "rotate it where it is kept, or keep it in a file (STELE_KEY_FILE)",
  SIGNER_FAILED: "check the signer, then open the journal again",
  KEY_EXISTS: "choose another origin, or move the existing key file away",
  NOTE_MALFORMED: "check that the file was copied whole",
  NOTE_UNVERIFIED: "check the key, or where the note came from",
  CHECKPOINT_MALFORMED: "check that the file was copied whole",
  PROOF_MALFORMED: "check that the file was copied whole",
  POLICY_MALFORMED: "correct that line, as C2SP tlog-policy says",
  WITNESS_UNAVAILABLE: "check the witnesses and the way to them; what is sealed stays sealed",
  WITNESS_AHEAD: "stop writing, and find out what became of the entries that the witness saw",
  WITNESS_MISSING: "check the path, or make a witness with: stele witness init STATE --name NAME",
  WITNESS_EXISTS: "use it, or choose another directory",
  WITNESS_LOCKED: "stop the other server, or leave it running",
  WITNESS_DAMAGED:
    "make a new witness with a key of its own: one that may have forgotten must not sign",
  MANIFEST_MALFORMED: "restore stele.json from a copy",
  JOURNAL_MISSING: "check the path, or make a journal with: stele init DIR",
  JOURNAL_NOT_A_JOURNAL: "check the path, or make a journal with: stele init DIR",
  JOURNAL_EXISTS: "append to it, or choose another directory",
  JOURNAL_NEWER_FORMAT: "upgrade Stele",
  JOURNAL_LOCKED: "stop the other writer, or send it your events",
  JOURNAL_DAMAGED: "run: stele verify DIR; read what is intact with: stele cat DIR",
  JOURNAL_CLOSED: "open the journal again",
  WRITER_FAILED:
    "mend the cause, then open the journal again; entries without a receipt may be there",
  PUBLISH_CONFLICT: "publish into another directory, or find out which of the two is the journal",
  SEQ_OUT_OF_RANGE: "ask for an entry that the journal holds",
  SEQ_PRUNED: "ask for a later entry, or look into a copy from before",
  ID_UNKNOWN: "check the id: it is the event's own, not a seq",
  CURSOR_INVALID: "name cursors with 1 to 64 lower-case letters, digits, dashes or underscores",
  INDEX_FAILED: "free space for it, or ask without the index: stele query --scan",
  BUDGET_UNKNOWN: "open the budget first, or check its name",
  BUDGET_EXISTS: "use the one that is there, or choose another name",
  BUDGET_EXCEEDED: "ask for less, or commit and release what is reserved",
  BUDGET_RESERVATION_UNKNOWN: "check the reservation's name; it may be settled already",
  DISK_FULL: "free space on the file system, then open the journal again",
  DISK_IO: "check the device and the file system's log",
  DISK_READ_ONLY: "mount the file system writable",
  DISK_PERMISSION: "give this user the right to read and write there",
  DISK_TOO_MANY_FILES: "raise the limit of open files (ulimit -n)",
  DISK_NOT_FOUND: "check the path",
  DISK_SHORT_WRITE: "check the device and free space, then open the journal again",
  CLOCK_INVALID: "set the machine's clock",
  OUTPUT_CLOSED: "read until the command ends; entries without a receipt may be there",
  OPTION_INVALID: "correct the option",
  IMPORT_WRONG_FORMAT: "name the file's own format, or say auto",
  IMPORT_TOO_LARGE: "check that it is such a file; split it where its system can",
  IMPORT_CHANGED: "take it over when nobody writes it, or take over a copy",
  IMPORT_DIFFERENT: "take it over into a journal of its own",
  EXPORT_IMPOSSIBLE: "leave the entry out, with --from, --to or --session",
} as const;

/** The closed set of codes; they never change their meaning. */
export type ErrorCode = keyof typeof ERRORS;

/** What an error can say besides its code and message. */
export interface ErrorDetails {
  /** The place in the journal. */
  readonly seq?: number;
  /** 0-based offset into the text that was read. */
  readonly offset?: number;
  readonly path?: string;
  readonly cause?: unknown;
  /** Replaces the code's general advice. */
  readonly fix?: string;
}

/** Every error that Stele raises on purpose. The message names the place; `fix` says what to do. */
export class SteleError extends Error {
  override readonly name = "SteleError";
  readonly code: ErrorCode;
  readonly fix: string;
  readonly seq: number | undefined;
  readonly offset: number | undefined;
  readonly path: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.fix = details.fix ?? ERRORS[code];
    this.seq = details.seq;
    this.offset = details.offset;
    this.path = details.path;
  }
}
