import { isUtf8 } from "node:buffer";
import type { ErrorCode } from "@stele/core/error";
import { hidesMessage } from "./hidden-lines.ts";
import { readId, type Id } from "./id.ts";
import { arrayElements, objectMembers, type Member, type Range } from "./json-ranges.ts";

export interface JsonObject {
  readonly [member: string]: unknown;
}

/**
 * Where the members of an object lie in the line; of two with one name the last, as JSON.parse
 * reads it.
 */
export type Members = ReadonlyMap<string, Range>;

/** One JSON-RPC message as a JavaScript peer reads it. */
export interface Message {
  readonly kind: "request" | "notification" | "result" | "error";
  readonly value: JsonObject;
  /** Undefined when it has none. */
  readonly id: Id | undefined;
  readonly members: Members;
  /** The members of `params`; none when that is missing or not an object. */
  readonly paramMembers: Members;
  readonly sizeBytes: number;
}

/**
 * What a line holds. A line can have a defect and messages: a lenient peer acts on those all the
 * same.
 */
export interface Line {
  readonly messages: readonly Message[];
  /** The line is an array, so its answer must be one too. */
  readonly batch: boolean;
  /** Why the line is not exactly one MCP message or batch; undefined when it is. */
  readonly defect: string | undefined;
  /** Why it cannot be said what the line asks for: readers can differ, or it is too much. */
  readonly unclear: ErrorCode | undefined;
}

/** The most messages that a batch may have; a line of 16 MiB could hold a million. */
const MAX_BATCH = 1000;

/**
 * Reads one line, without its newline, as JSON-RPC. Never throws: what it cannot read, or what can
 * be read in more than one way, is a defect. Time is linear in the line's size.
 */
export function readLine(untrusted: Buffer): Line {
  const line = readClear(untrusted);
  if (line.unclear || !hidesMessage(untrusted)) return line;
  const defect = "ambiguous: a carriage return ends a message inside the line";
  return { ...line, defect, unclear: "JSON_SYNTAX" };
}

function readClear(untrusted: Buffer): Line {
  const value = parse(untrusted.toString("utf8"));
  const encoding = isUtf8(untrusted) ? undefined : "not UTF-8";
  if (value === undefined) {
    return { messages: [], batch: false, defect: encoding ?? "not JSON", unclear: undefined };
  }
  const batch = Array.isArray(value);
  if (batch && value.length > MAX_BATCH) {
    const defect = `a batch of more than ${MAX_BATCH} messages`;
    return { messages: [], batch, defect, unclear: "CONTENT_TOO_LARGE" };
  }
  const read = batch
    ? readBatch(untrusted, value as unknown[])
    : [readMessage(untrusted, value, { start: 0, end: untrusted.length })];
  const worst = read.find((one) => one.ambiguous) ?? read.find((one) => one.defect);
  return {
    messages: read.flatMap((one) => one.message ?? []),
    batch,
    defect: encoding ?? (read.length === 0 ? "an empty batch" : worst?.defect),
    unclear: worst?.ambiguous === true ? "JSON_DUPLICATE_KEY" : undefined,
  };
}

/** The params of a message; empty when it has none, or none by name. */
export function paramsOf({ value }: Message): JsonObject {
  return isObject(value["params"]) ? value["params"] : {};
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface Read {
  readonly message?: Message;
  readonly defect?: string | undefined;
  readonly ambiguous?: boolean;
}

function readBatch(line: Buffer, values: readonly unknown[]): Read[] {
  const ranges = arrayElements(line, 0);
  return values.map((value, index) => readMessage(line, value, ranges[index]!));
}

function readMessage(line: Buffer, value: unknown, range: Range): Read {
  if (!isObject(value)) return { defect: "not JSON-RPC: not an object" };
  const members = objectMembers(line, range.start);
  const inside = (name: string): Member[] => {
    const member = members.findLast((one) => one.name === name);
    return member && isObject(value[name]) ? objectMembers(line, member.start) : [];
  };
  const params = inside("params");
  const ranges = byName(members);
  const message = {
    value,
    id: readId(line, value["id"], ranges.get("id")),
    members: ranges,
    paramMembers: byName(params),
    sizeBytes: range.end - range.start,
  };
  const kind = kindOf(value);
  const twofold = [
    findTwofold(members, ENVELOPE),
    findTwofold(params, PARAMS),
    findTwofold(inside("result"), RESULT),
  ].find((one) => one !== undefined);
  const ambiguity = findContradiction(value) ?? twofold;
  return {
    ...(kind ? { message: { kind, ...message } } : {}),
    defect: ambiguity ? `ambiguous: ${ambiguity}` : findDefect(value, kind),
    ambiguous: ambiguity !== undefined,
  };
}

function kindOf(value: JsonObject): Message["kind"] | undefined {
  if (typeof value["method"] === "string") return "id" in value ? "request" : "notification";
  if ("result" in value) return "result";
  if ("error" in value) return "error";
  return undefined;
}

function findDefect(value: JsonObject, kind: Message["kind"] | undefined): string | undefined {
  if (!kind) return "not JSON-RPC: no method, result or error";
  if (value["jsonrpc"] !== "2.0") return 'not JSON-RPC: "jsonrpc" is not "2.0"';
  const id = value["id"];
  const needsId = kind === "request" || kind === "result" || (id !== undefined && id !== null);
  if (needsId && typeof id !== "string" && typeof id !== "number") {
    return 'not JSON-RPC: "id" is neither a string nor a number';
  }
  const params = value["params"];
  if (value["method"] !== "tools/call") return undefined;
  if (isObject(params) && typeof params["name"] === "string") return undefined;
  return "not MCP: tools/call without the name of a tool";
}

function findContradiction(value: JsonObject): string | undefined {
  const roles = ["method", "result", "error"].filter((name) => name in value);
  return roles.length > 1 ? `it has both "${roles[0]}" and "${roles[1]}"` : undefined;
}

// The members that decide what a message is, what it calls, and how that went.
const ENVELOPE = names("jsonrpc", "id", "method", "params", "result", "error");
const PARAMS = names("name", "arguments", "inputResponses", "requestState", "requestId", "taskId");
const RESULT = names("isError", "resultType", "requestState", "task");

/**
 * Says which of the names is there twice, or in another case, which some JSON readers take for the
 * same.
 */
function findTwofold(members: readonly Member[], known: Names): string | undefined {
  const seen = new Set<string>();
  for (const { name } of members) {
    const expected = known.get(fold(name));
    if (expected === undefined) continue;
    if (name !== expected) return `a member is called ${JSON.stringify(name)}`;
    if (seen.has(name)) return `two members are called ${JSON.stringify(name)}`;
    seen.add(name);
  }
  return undefined;
}

type Names = ReadonlyMap<string, string>;

function names(...list: string[]): Names {
  return new Map(list.map((name) => [fold(name), name]));
}

/**
 * As Go's encoding/json folds: the long s (U+017F) and the Kelvin sign (U+212A) are letters like
 * others.
 */
function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}

function byName(members: readonly Member[]): Members {
  return new Map(members.map((member) => [member.name, member]));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
