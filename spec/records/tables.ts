import { otelMappings } from "../../packages/records/src/index.ts";
import { recordTypeList, type RecordType } from "../../packages/records/src/types.ts";

// The tables of docs/records.md, which stand between two comments for each type.

/** The page with each type's table as the type says now. */
export function withTables(page: string): string {
  return recordTypeList.reduce((text, type) => {
    const { begin, end } = marks(type);
    const [before, rest] = split(text, begin);
    const [, after] = split(rest, end);
    return `${before}${begin}\n\n${table(type)}\n\n${end}${after}`;
  }, page);
}

/** What a page says but for how wide its columns are. */
export function unpadded(page: string): string {
  return page.replaceAll(/-{3,}/g, "---").replaceAll(/ +/g, " ");
}

function marks({ type }: RecordType): { readonly begin: string; readonly end: string } {
  return { begin: `<!-- ${type} -->`, end: `<!-- end of ${type} -->` };
}

function split(text: string, mark: string): readonly [before: string, after: string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`docs/records.md has no ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function table({ type, meaning, members }: RecordType): string {
  const { attributes, constants } = otelMappings.find((mapping) => mapping.type === type)!;
  const rows = Object.entries(members).map(([name, { schema, meaning: says, optional }]) => {
    const attribute = attributes[`/data/${name}`];
    const what = (schema["description"] as string | undefined) ?? "anything";
    return [`\`${name}\``, optional ? "" : "yes", what, says, code(attribute)];
  });
  const lines = [["member", "required", "value", "meaning", "OpenTelemetry"], Array(5).fill("---")];
  const every = Object.entries(constants).map(([name, value]) => `\`${name}\` = \`${value}\``);
  const ids = ["id", "parent"].flatMap((link) => {
    const attribute = attributes[`/${link}`];
    return attribute === undefined ? [] : [`\`${link}\` is \`${attribute}\``];
  });
  const also = [...every, ...ids].join("; ");
  const drawn = [...lines, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `${meaning}\n\n${drawn}${also === "" ? "" : `\n\nOpenTelemetry, besides: ${also}.`}`;
}

function code(attribute: string | undefined): string {
  return attribute === undefined ? "" : `\`${attribute}\``;
}
