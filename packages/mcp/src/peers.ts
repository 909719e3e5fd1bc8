import { clip } from "./clip.ts";
import { isObject, paramsOf, type JsonObject, type Message } from "./message.ts";

/** The name and version that a peer gives itself. Nobody has checked them. */
export interface PeerInfo {
  readonly name: string;
  readonly version: string | undefined;
}

/**
 * What the two sides have said of themselves so far, and the protocol version that they have agreed
 * on.
 */
export interface Peers {
  readonly protocolVersion?: string | undefined;
  readonly client?: PeerInfo | undefined;
  readonly server?: PeerInfo | undefined;
}

const META = "io.modelcontextprotocol/";

/**
 * What a request of the client adds. Up to 2025-11-25 the client says who it is in `initialize`,
 * from 2026-07-28 on in the `_meta` of every request.
 */
export function learnFromRequest(known: Peers, request: Message): Peers {
  const params = paramsOf(request);
  const handshake = request.value["method"] === "initialize" ? params["clientInfo"] : undefined;
  const client = infoOf(metaOf(params, "clientInfo") ?? handshake) ?? known.client;
  return { ...known, client };
}

/**
 * What a result of the server adds. An agreement on a version is a result of `initialize`, which
 * names it, or of a request that named it and was not refused.
 */
export function learnFromResult(
  known: Peers,
  result: JsonObject,
  request: { readonly method: string; readonly protocolVersion: string | undefined },
): Peers {
  const initialized = request.method === "initialize";
  const handshake =
    initialized || request.method === "server/discover" ? result["serverInfo"] : undefined;
  const named = initialized ? textOf(result["protocolVersion"]) : request.protocolVersion;
  return {
    protocolVersion: named ?? known.protocolVersion,
    client: known.client,
    server: infoOf(metaOf(result, "serverInfo") ?? handshake) ?? known.server,
  };
}

/** The version that a request names in its `_meta` (2026-07-28 and later). */
export function versionOf(request: Message): string | undefined {
  return textOf(metaOf(paramsOf(request), "protocolVersion"));
}

function metaOf(holder: JsonObject, name: string): unknown {
  const meta = holder["_meta"];
  return isObject(meta) ? meta[META + name] : undefined;
}

function infoOf(info: unknown): PeerInfo | undefined {
  if (!isObject(info)) return undefined;
  const name = textOf(info["name"]);
  return name === undefined ? undefined : { name, version: textOf(info["version"]) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? clip(value) : undefined;
}
