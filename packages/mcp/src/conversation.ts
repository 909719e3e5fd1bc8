import { isCall, readCall, retryKey, type Call } from "./call.ts";
import { clip, clipCode } from "./clip.ts";
import { jsonContents, type Entry } from "./entry.ts";
import { Exchanges, Recent } from "./exchanges.ts";
import { readId } from "./id.ts";
import { isObject, paramsOf, type Message } from "./message.ts";
import { outcomeOf, resultOf, taskIdOf, type Outcome } from "./outcome.ts";
import { learnFromRequest, learnFromResult, versionOf, type Peers } from "./peers.ts";

/** The side that a line comes from. */
export type Side = "client" | "server";

/** What a conversation needs from the world. */
export interface ConversationOptions {
  /** Makes ids of events: never the same twice, in any session. */
  readonly newId: () => string;
  readonly monotonicMs: () => number;
}

/**
 * What a client and its server say: messages in, entries to record out. Knows which calls wait for
 * their result, which call is a retry of which, and who the two are. Does no input or output.
 */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #asked = { client: new Exchanges(), server: new Exchanges() };
  readonly #cancelled = new Recent<Call>();
  readonly #tasks = new Recent<Call>();
  /** The latest calls that the server wants again with more input, by `retryKey`. */
  readonly #unfinished = new Recent<Call>();
  #peers: Peers = {};
  #introduced = "{}";

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  get peers(): Peers {
    return this.#peers;
  }

  /** The calls that wait for their result. */
  unanswered(): Call[] {
    return this.#asked.client.calls();
  }

  /** The entries for a message, in order; the line is the one that it stands in. */
  read(from: Side, message: Message, line: Buffer): Entry[] {
    if (from === "client") this.#peers = learnFromRequest(this.#peers, message);
    if (from === "client" && isCall(message)) return [this.#call(message, line)];
    if (message.kind === "request") return [this.#request(from, message)];
    if (message.kind === "notification") return this.#notification(from, message, line);
    return this.#answer(from, message, line);
  }

  /** Takes back an entry's request, which is not passed on. Returns the entry that a call needs. */
  refuse({ request }: Entry, reason: string): Entry | undefined {
    if (!request) return undefined;
    const { id, exchange } = request;
    this.#asked.client.withdraw(id, exchange);
    return exchange.call && this.#result(exchange.call, { outcome: "refused", reason });
  }

  #call(message: Message, line: Buffer): Entry {
    const { contents: content, ...said } = readCall(message, line);
    const call: Call = {
      ...said,
      id: this.#options.newId(),
      startedMs: this.#options.monotonicMs(),
    };
    const exchange = { method: "tools/call", protocolVersion: versionOf(message), call };
    const { id } = message;
    const request = message.kind === "request" && id ? { id, exchange } : undefined;
    const idInUse = request && this.#asked.client.open(request.id, exchange);
    const { inputResponses, requestState } = paramsOf(message);
    const isRetry = inputResponses !== undefined || requestState !== undefined;
    const retried = isRetry && this.#unfinished.get(retryKey(requestState, call.signature));
    const data = {
      server: this.#peers.server?.name,
      tool: call.tool,
      requestId: call.requestId,
      idInUse: idInUse === true ? true : undefined,
      protocolVersion: exchange.protocolVersion ?? this.#peers.protocolVersion,
      sizeBytes: message.sizeBytes,
      argumentsBytes: content["arguments"]?.bytes.length ?? 0,
    };
    const event = { type: "tool.call", id: call.id, data };
    return {
      event: retried ? { ...event, parent: retried.id } : event,
      content,
      gates: true,
      ...(request ? { request } : {}),
    };
  }

  #request(from: Side, message: Message): Entry {
    const { method } = message.value as { method: string };
    const { taskId } = paramsOf(message);
    const isFetch = method === "tasks/result" && typeof taskId === "string";
    const fetches = isFetch ? this.#tasks.get(taskId) : undefined;
    const exchange = { method, protocolVersion: versionOf(message), fetches };
    const id = message.id!;
    this.#asked[from].open(id, exchange);
    const entry = this.#plain(from, message, method);
    return from === "client" ? { ...entry, request: { id, exchange } } : entry;
  }

  #notification(from: Side, message: Message, line: Buffer): Entry[] {
    const { method } = message.value as { method: string };
    const entry = this.#plain(from, message, method);
    if (from !== "client" || method !== "notifications/cancelled") return [entry];
    const { requestId } = paramsOf(message);
    const id = readId(line, requestId, message.paramMembers.get("requestId"));
    const waiting = id && this.#asked.client.find(id);
    if (!waiting?.call) return [entry];
    this.#asked.client.close(id!);
    this.#cancelled.set(id!.json, waiting.call);
    return [entry, this.#result(waiting.call, { outcome: "cancelled" })];
  }

  #answer(from: Side, message: Message, line: Buffer): Entry[] {
    const { id } = message;
    const exchange = id && this.#asked[from === "server" ? "client" : "server"].close(id);
    if (from === "client") return [this.#plain(from, message, exchange?.method)];
    const late = exchange || !id ? undefined : this.#cancelled.get(id.json);
    const call = exchange?.call ?? exchange?.fetches ?? late;
    const result = resultOf(message);
    if (exchange && result) this.#peers = learnFromResult(this.#peers, result, exchange);
    return [
      call
        ? this.#callAnswer(call, message, line, late !== undefined)
        : this.#plain(from, message, exchange?.method),
      ...this.#introduction(),
    ];
  }

  #callAnswer(call: Call, message: Message, line: Buffer, late: boolean): Entry {
    const outcome = outcomeOf(message);
    const result = resultOf(message) ?? {};
    const taskId = taskIdOf(result);
    if (taskId !== undefined) this.#tasks.set(taskId, call);
    if (outcome === "input_required") {
      this.#unfinished.set(retryKey(result["requestState"], call.signature), call);
    }
    const content = jsonContents(line, message.members, ["result", "error"]);
    const { error } = message.value;
    const entry = this.#result(call, {
      outcome,
      late: late ? true : undefined,
      errorCode: isObject(error) ? clipCode(error["code"]) : undefined,
      sizeBytes: message.sizeBytes,
    });
    return { ...entry, content, gates: true };
  }

  #result(call: Call, data: { outcome: Outcome; [member: string]: unknown }): Entry {
    const durationMs = this.#options.monotonicMs() - call.startedMs;
    return {
      event: {
        type: "tool.result",
        id: this.#options.newId(),
        parent: call.id,
        data: {
          server: this.#peers.server?.name,
          tool: call.tool,
          requestId: call.requestId,
          durationMs: Math.round(durationMs * 1000) / 1000,
          ...data,
        },
      },
      gates: false,
    };
  }

  /** A message of which only the outside is recorded. An answer has its request's `method`. */
  #plain(from: Side, message: Message, method: string | undefined): Entry {
    const data = {
      from,
      kind: message.kind,
      method: method === undefined ? undefined : clip(method),
      requestId: message.id?.recorded,
      sizeBytes: message.sizeBytes,
    };
    return { event: { type: "mcp.message", id: this.#options.newId(), data }, gates: false };
  }

  /** Says who the two are, unless it was said already. */
  #introduction(): Entry[] {
    const data = { ...this.#peers };
    if (JSON.stringify(data) === this.#introduced) return [];
    this.#introduced = JSON.stringify(data);
    return [{ event: { type: "mcp.peers", id: this.#options.newId(), data }, gates: false }];
  }
}
