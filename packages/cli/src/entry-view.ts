import type { Entry } from "@stele/journal";
import { bold, cyan, dim, harmless } from "./style.ts";
import type { ShownContent } from "./commands/cat.ts";

/** An entry in a few lines for people, with its newline. */
export function formatEntry(
  { seq, time, event }: Entry,
  contents?: Readonly<Record<string, ShownContent>>,
): string {
  const { type, agent, session, data, content } = event;
  const who = [agent, session].filter((part) => part !== undefined).join(" · ");
  const place = dim(`${String(seq).padStart(6)}  ${time}`);
  const head = `${place}  ${bold(type)}  ${cyan(harmless(who))}`;
  const lines = [head.trimEnd()];
  if (data !== undefined) lines.push(indent(shorten(JSON.stringify(data), 400)));
  for (const [name, reference] of Object.entries((content as object | undefined) ?? {})) {
    const { size, mediaType } = reference as { size: number; mediaType: string };
    lines.push(indent(dim(harmless(`${name}: ${size} bytes, ${mediaType}`))));
    const shown = contents?.[name];
    if (typeof shown === "string") lines.push(indent(indent(shorten(shown, 2000))));
  }
  return `${lines.join("\n")}\n`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "        ");
}

function shorten(untrusted: string, length: number): string {
  const text = untrusted.length > length ? `${untrusted.slice(0, length)}…` : untrusted;
  return harmless(text);
}
