import { contentReferences } from "@stele/core/content";
import type { Entry } from "@stele/journal";
import { bold, cyan, dim, harmless, harmlessLines } from "./style.ts";
import type { ShownContent } from "./commands/cat.ts";

/** An entry in a few lines for people, with its newline. */
export function formatEntry(
  { seq, time, event }: Entry,
  contents?: Readonly<Record<string, ShownContent>>,
): string {
  // What another program recorded, or a hostile one handed over, may be of any form.
  const { type, agent, session, data }: Readonly<Record<string, unknown>> = event;
  const who = [agent, session].filter((part) => typeof part === "string").join(" · ");
  const place = dim(`${String(seq).padStart(6)}  ${time}`);
  const head = `${place}  ${bold(harmless(plain(type)))}  ${cyan(harmless(who))}`;
  const lines = [head.trimEnd()];
  if (data !== undefined) lines.push(indent(shorten(JSON.stringify(data), 400)));
  for (const [name, { size, mediaType }] of contentReferences(event)) {
    lines.push(indent(dim(harmless(`${name}: ${plain(size)} bytes, ${plain(mediaType)}`))));
    const shown = contents?.[name];
    if (typeof shown === "string") lines.push(indent(indent(shorten(shown, 2000))));
    else if (shown && "message" in shown) lines.push(indent(indent(harmless(shown.message))));
  }
  return `${lines.join("\n")}\n`;
}

function plain(untrusted: unknown): string {
  return typeof untrusted === "string" ? untrusted : (JSON.stringify(untrusted) ?? "?");
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "        ");
}

function shorten(untrusted: string, length: number): string {
  const text = untrusted.length > length ? `${untrusted.slice(0, length)}…` : untrusted;
  return harmlessLines(text);
}
