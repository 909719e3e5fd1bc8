import { parseSigningKey, type SigningKey } from "@stele/core/key";
import {
  EXPORT_FORMATS,
  exportEntries,
  type ExportFormat,
  type ExportOptions,
  type ExportSummary,
} from "@stele/import/writing";
import { openReader, type Entry } from "@stele/journal";
import { nodeEd25519, nodeHasher } from "@stele/store/node";
import { onlyDirectory, range, text, texts, usage, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { formatExport } from "../export-view.ts";
import { readInput } from "../input-file.ts";
import { KEY_OPTIONS, readPublicKey, readSecretKey } from "../origin-keys.ts";
import { drain, writeFileWhole } from "../output-file.ts";
import { forPeople, print, printJson } from "../output.ts";

const NAMES = EXPORT_FORMATS.map(({ name }) => name);

export const exportFile: Command = {
  name: "export",
  synopsis:
    `DIR --format ${NAMES.join("|")} [--from SEQ] [--to SEQ] [--session ID] ` +
    "[--type TYPE]... [--key-utf8 TEXT | --key-hex HEX | --key-file FILE] " +
    "[--signing-key FILE | --public-key HEX] [--chio-lengths] [--output FILE] [--json]",
  help: `
Writes a file that the other system reads and calls intact: of the entries that were taken over from
that format, and of Stele's own that it has a record for. What was taken over stays byte for byte as
it was while the chain in front of it does, so a file that was taken over whole comes out again;
behind a change it is chained, hashed and signed anew. Works beside a running writer. What was
written and what was left out, and why, is told on standard error.

  --format calybris   of decisions (or --type) their data
  --format hoosh      of gateway.event
  --format chio       of tool.call, of one session
  --format symbi      of review

  --from SEQ          the first entry (default 0)
  --to SEQ            the last entry, included (default: the newest)
  --session ID        only entries of this session
  --type TYPE         calybris: of events of this type instead of decisions, or of all whose type
                      begins so when it ends with a dot; may come more than once
  --key-utf8 TEXT     calybris, hoosh: the secret that the file is chained with, as text. It is seen
                      in the list of processes: prefer --key-file
  --key-hex HEX       the same in hex
  --key-file FILE     the same: all bytes of that file
  --signing-key FILE  symbi: the Ed25519 key that signs all of the file, as stele init makes one
  --public-key HEX    symbi: who signed what was taken over, to be named in the file (default: as
                      the file said that was taken over)
  --chio-lengths      chio: hash as chio-http-session 0.1.2 does (default: as what was taken over,
                      or else as 0.1.0)
  -o, --output FILE   write into this file, which is replaced only when all is done (default:
                      standard output)
  --json              with --output: print JSON, also on a terminal

Examples:
  stele export ./journal --format chio --session s-17 -o session.json
  stele export ./journal --format calybris --key-file wal.key > wal.jsonl
`,
  options: {
    format: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    session: { type: "string" },
    type: { type: "string", multiple: true },
    ...KEY_OPTIONS,
    "signing-key": { type: "string" },
    "chio-lengths": { type: "boolean" },
    output: { type: "string", short: "o" },
    json: { type: "boolean" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(exportFile, call);
  const format = chosen(call);
  const options = await readOptions(call, format);
  const { from, to } = range(exportFile, call);
  const output = text(call, "output");
  if (output === "") throw usage(exportFile, "--output takes the name of a file");
  await using reader = await openReader(directory);
  await using contents = reader.contents();
  const source = {
    lines: reader.readLines({ from, to }),
    content: (entry: Entry, name: string) => contents.read(entry, name),
  };
  const chunks = exportEntries(format, source, options);
  if (output === undefined) tell(await drain(chunks, print));
  else await report(call, await writeFileWhole(output, chunks));
  return 0;
}

function chosen(call: Call): ExportFormat {
  const name = text(call, "format");
  const format = EXPORT_FORMATS.find((candidate) => candidate.name === name);
  if (!format) {
    if (name === undefined) throw usage(exportFile, "--format is missing");
    const known = NAMES.join(", ");
    throw usage(exportFile, `--format takes ${known}, not ${JSON.stringify(name)}`);
  }
  const others = ONLY_FOR.filter(([, only]) => !only.includes(format.name));
  const odd = others.find(([option]) => call.options[option] !== undefined);
  if (odd) throw usage(exportFile, `--${odd[0]} is for ${odd[1].join(" and ")}, not ${name}`);
  return format;
}

/** Options that mean something for these formats only. */
const ONLY_FOR: readonly (readonly [option: string, formats: readonly string[]])[] = [
  ["type", ["calybris"]],
  ["key-utf8", ["calybris", "hoosh"]],
  ["key-hex", ["calybris", "hoosh"]],
  ["key-file", ["calybris", "hoosh"]],
  ["signing-key", ["symbi"]],
  ["public-key", ["symbi"]],
  ["chio-lengths", ["chio"]],
];

async function readOptions(call: Call, { type }: ExportFormat): Promise<ExportOptions> {
  const publicKey = readPublicKey(exportFile, call);
  const signingKey = await readSigningKey(call);
  if (publicKey && signingKey) {
    throw usage(exportFile, "--signing-key and --public-key exclude each other");
  }
  const types = texts(call, "type");
  const session = text(call, "session");
  if (session === "" || types.includes("")) {
    throw usage(exportFile, "--session and --type take a text that is not empty");
  }
  return {
    primitives: PRIMITIVES,
    key: await readSecretKey(exportFile, call),
    publicKey,
    signingKey,
    session,
    types: types.length > 0 ? types : [type],
    lengths: call.options["chio-lengths"] === true ? true : undefined,
  };
}

const PRIMITIVES = { ...nodeHasher, ...nodeEd25519 };

async function readSigningKey(call: Call): Promise<SigningKey | undefined> {
  const path = text(call, "signing-key");
  if (path === undefined) return undefined;
  const untrusted = Buffer.from(await readInput(path))
    .toString()
    .trimEnd();
  return parseSigningKey(PRIMITIVES, untrusted, ["ed25519"]);
}

/** Standard output has the file itself. */
function tell(summary: ExportSummary): void {
  process.stderr.write(
    formatExport(summary)
      .replaceAll(/^/gm, "stele: ")
      .replace(/stele: $/, ""),
  );
}

async function report(call: Call, summary: ExportSummary): Promise<void> {
  if (forPeople(call.options)) await print(formatExport(summary));
  else await printJson(summary);
}
