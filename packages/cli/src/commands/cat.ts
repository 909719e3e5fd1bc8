import { openReader, SteleError, type Entry, type EntryLine } from "@stele/journal";
import type { ContentCursor } from "@stele/journal/results";
import { onlyDirectory, range, usage, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { formatEntry } from "../entry-view.ts";
import { forPeople, print } from "../output.ts";

export const cat: Command = {
  name: "cat",
  synopsis: "DIR [--from SEQ] [--to SEQ] [--reverse | --follow] [--content] [--json]",
  help: `
Prints sealed entries: as they are stored, one JSON object a line, or in short form on a terminal.
Works beside a running writer and needs no key. Stops with an error at the first entry whose
bytes do not match its hash or its link; run stele verify for the whole verdict.

  --from SEQ   the first entry (default 0)
  --to SEQ     the last entry, included (default: the newest)
  --reverse    newest first
  --follow     go on with new entries as they are sealed, until Ctrl-C
  --content    add the contents that lie beside the ledger, as a member "contents"; of erased ones,
               when, by whom and why they went
  --json       print JSON Lines, also on a terminal

Examples:
  stele cat ./journal --from 100 --to 199
  stele cat ./journal --follow | jq .event.type
`,
  options: {
    from: { type: "string" },
    to: { type: "string" },
    reverse: { type: "boolean" },
    follow: { type: "boolean" },
    content: { type: "boolean" },
    json: { type: "boolean" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(cat, call);
  const { reverse, follow, content } = call.options;
  const { from, to } = range(cat, call);
  if (follow && (reverse || to !== undefined)) {
    throw usage(cat, "--follow goes with neither --to nor --reverse");
  }
  const reader = await openReader(directory);
  await using cursor = reader.contents();
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  if (follow) process.once("SIGINT", interrupt);
  const lines = follow
    ? reader.followLines(from, { signal: stop.signal })
    : reader.readLines({ from, to, reverse: reverse === true });
  const people = forPeople(call.options);
  for await (const line of lines) {
    const contents = content === true ? await readContents(cursor, line) : undefined;
    await print(people ? formatEntry(line.entry, contents) : `${toJson(line, contents)}\n`);
  }
  return stop.signal.aborted ? 130 : 0;
}

/**
 * What a content is shown as: text when it is UTF-8; of an erased one, the entry that says so, and
 * what it says.
 */
export type ShownContent =
  | string
  | { readonly base64: string }
  | { readonly erasedBy: number; readonly message: string };

async function readContents(
  cursor: ContentCursor,
  { entry }: EntryLine,
): Promise<Record<string, ShownContent>> {
  const contents: Record<string, ShownContent> = {};
  for (const name of Object.keys(entry.event["content"] ?? {})) {
    const shown = await readContent(cursor, entry, name);
    if (shown !== undefined) contents[name] = shown;
  }
  return contents;
}

async function readContent(
  cursor: ContentCursor,
  entry: Entry,
  name: string,
): Promise<ShownContent | undefined> {
  try {
    const bytes = await cursor.read(entry, name);
    return bytes && show(bytes);
  } catch (error) {
    if (!(error instanceof SteleError) || error.code !== "CONTENT_ERASED") throw error;
    return { erasedBy: error.seq!, message: error.message };
  }
}

function show(bytes: Uint8Array): ShownContent {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}

/** The stored line, byte for byte, with the contents added behind. */
function toJson(
  { line }: EntryLine,
  contents: Readonly<Record<string, ShownContent>> | undefined,
): string {
  return contents ? `${line.slice(0, -1)},"contents":${JSON.stringify(contents)}}` : line;
}
