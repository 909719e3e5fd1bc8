/** What a witness answers to a request. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The content type of a 409 that states the size which the witness has (C2SP tlog-witness). */
export const SIZE_TYPE = "text/x.tlog.size";

/** A refusal with its reason in a line. */
export function refuse(status: number, reason: string): Answer {
  return { status, body: `${reason}\n` };
}
