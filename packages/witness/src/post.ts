/** What a server that nobody trusts answered. */
export interface Posted {
  readonly status: number;
  /** Without its parameters, in lower case. */
  readonly contentType: string;
  readonly body: Uint8Array;
}

/**
 * Sends a small request. Follows no redirect. Rejects when the signal aborts (with its reason),
 * when there is no answer, and when the answer has more than `maxBytes`, of which no more is read.
 */
export async function post(
  url: string,
  body: string,
  { signal, maxBytes }: { readonly signal: AbortSignal; readonly maxBytes: number },
): Promise<Posted> {
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "accept-encoding": "identity",
    "user-agent": "stele",
  };
  const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
  const [contentType = ""] = (response.headers.get("content-type") ?? "").split(";", 1);
  const bytes = await readAtMost(response.body, maxBytes);
  return {
    status: response.status,
    contentType: contentType.trim().toLowerCase(),
    body: bytes,
  };
}

async function readAtMost(
  untrusted: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of untrusted ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
