import type { MappedEvent, OriginEntry } from "./format.ts";

/** A record whose payload is taken as it is. */
export function mapStemedb({ bytes, hash }: OriginEntry): MappedEvent {
  return { type: "stemedb.record", data: { blake3: hash, sizeBytes: bytes.length } };
}
