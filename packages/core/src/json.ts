export { checkJsonObject } from "./json/check.ts";
export { hasMember, memberBefore, membersOf, stringOf } from "./json/member.ts";
export type { Member } from "./json/member.ts";
export { parseJson } from "./json/parse.ts";
export type { JsonOptions } from "./json/parse.ts";
export type { JsonValue, ParsedJson } from "./json/reader.ts";
export { MAX_DEPTH } from "./json/depth.ts";
