import { SteleError } from "@stele/core/error";
import type { Line } from "./message.ts";

/**
 * The JSON-RPC error code of a call that was not passed on because it is not in the record. Outside
 * the range that JSON-RPC and MCP keep for themselves.
 */
export const NOT_RECORDED = -31001;

/**
 * The answer that the client gets for a line that is not passed on: an error for each request in
 * it, with the reason, the fix and the Stele error code. Empty when nothing in the line asks for an
 * answer.
 */
export function refusal(line: Line | undefined, error: unknown): Buffer {
  const ids =
    line && line.messages.length > 0
      ? line.messages.flatMap(({ kind, id }) => (kind === "request" && id ? [id.json] : []))
      : ["null"];
  const text = JSON.stringify(rpcError(error));
  const answers = ids.map((id) => `{"jsonrpc":"2.0","id":${id},"error":${text}}`);
  if (answers.length === 0) return Buffer.alloc(0);
  return Buffer.from(line?.batch ? `[${answers.join(",")}]\n` : `${answers[0]}\n`);
}

function rpcError(error: unknown): object {
  const reason = error instanceof Error ? error.message : String(error);
  const steleCode = error instanceof SteleError ? error.code : null;
  const fix = error instanceof SteleError ? error.fix : "see the recorder's standard error";
  return {
    code: NOT_RECORDED,
    message: `Not passed on, because it cannot be recorded: ${reason}. To mend it: ${fix}.`,
    data: { steleCode, fix },
  };
}
