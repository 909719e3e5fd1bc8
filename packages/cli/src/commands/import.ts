import { createHash } from "node:crypto";
import { basename } from "node:path";
import {
  checkOrigin,
  FORMATS,
  readMember,
  recogniseFormat,
  type CheckContext,
  type Format,
} from "@stele/import";
import { openJournal } from "@stele/journal";
import { nodeEd25519, nodeHasher } from "@stele/store/node";
import { operands, text, usage, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { formatReport, formatTaken } from "../import-view.ts";
import { openOrigin, type OriginFile } from "../origin-file.ts";
import { KEY_OPTIONS, readPublicKey, readSecretKey } from "../origin-keys.ts";
import { conclude, forPeople, print, printJson } from "../output.ts";
import { ProgressBar } from "../progress.ts";
import { hashed, takeOver, type TakenOver, type TakeOver } from "../take-over.ts";
import { warn } from "../witnesses.ts";

const NAMES = FORMATS.map(({ name }) => name);

export const importFile: Command = {
  name: "import",
  synopsis:
    "FORMAT FILE --check | --into DIR [--accept-broken] " +
    "[--key-utf8 TEXT | --key-hex HEX | --key-file FILE] [--public-key HEX] [--json]",
  help: `
Checks a file as the system that wrote it meant it: every hash, link and signature, over the bytes
that are stored. Says where and what is wrong, and what the format leaves unprotected. Exits with 0
when the file is intact, 1 when it is not, 2 when it is of another format or cannot be read.

FORMAT is ${NAMES.join(", ")}, or auto, which says why it took the one
it took; --format FORMAT does as well. FILE may be a directory of stemedb segments, read in the
order of the numbers in their names.

  --check             check the file, and write nothing
  --into DIR          check it, then record what it says in this journal: each record with its own
                      bytes as content, and at the end a stele.imported entry. What an earlier run
                      recorded is not recorded again; a run that was interrupted goes on
  --accept-broken     take over a file that is not intact as well: all records that can be read.
                      That includes (salvages) good stemedb records behind bad bytes. What is wrong
                      before or in a record is in its data.origin.problem
  --key-utf8 TEXT     the secret of a keyed log (calybris, hoosh), as text. It is seen in the list
                      of processes: prefer --key-file
  --key-hex HEX       the same in hex
  --key-file FILE     the same: all bytes of that file
  --public-key HEX    who signed (symbi), 32 bytes in hex (default: what the file itself says)
  --json              print JSON, also on a terminal

Examples:
  stele import calybris wal.jsonl --check
  stele import auto audit.json --check --key-file hoosh.key
`,
  options: {
    format: { type: "string" },
    check: { type: "boolean" },
    into: { type: "string" },
    "accept-broken": { type: "boolean" },
    ...KEY_OPTIONS,
    json: { type: "boolean" },
  },
  run,
};

/** FORMAT stands in front, or is an option. */
function formatAndFile(call: Call): readonly [string, string] {
  const named = text(call, "format");
  if (named === undefined) return operands(importFile, call, ["FORMAT", "FILE"]);
  return [named, ...operands(importFile, call, ["FILE"])];
}

async function run(call: Call): Promise<number> {
  const [name, path] = formatAndFile(call);
  const into = text(call, "into");
  if ((call.options["check"] === true) === (into !== undefined)) {
    throw usage(importFile, "it takes --check or --into DIR");
  }
  const file = await openOrigin(path);
  const { format, reason } = await choose(name, file);
  const given = { ...(await context(call)), segments: file.segments };
  const keys = await withStatedKey(format, file, given);
  const sha256 = createHash("sha256");
  const report = await withBar(file, (onProgress) =>
    checkOrigin(format, hashed(file.chunks(), sha256), { ...keys, onProgress }),
  );
  const isIntact = report.verdict === "intact";
  const task = {
    format,
    file,
    source: basename(path),
    stated: report.stated,
    sha256: sha256.digest("hex"),
    sizeBytes: report.sizeBytes,
  };
  const isTaken = into !== undefined && (isIntact || call.options["accept-broken"] === true);
  const taken = isTaken ? await take(into, task, keys) : undefined;
  const status = isIntact ? 0 : 1;
  if (forPeople(call.options)) {
    const told = into === undefined ? "" : formatTaken(taken);
    return conclude(status, print(formatReport(report, reason) + told));
  }
  const recognised = reason === undefined ? {} : { recognised: reason };
  return conclude(status, printJson({ ...report, ...recognised, ...taken }));
}

/** Takes over what was checked. */
async function take(
  directory: string,
  task: Pick<TakeOver, "format" | "file" | "source" | "sha256" | "sizeBytes" | "stated">,
  keys: CheckContext,
): Promise<Pick<TakenOver, "added" | "present">> {
  // Another entry may have the id of a record: the record is no less to be recorded.
  const options = { onProblem: warn, deduplicationWindow: 0 };
  await using journal = await openJournal(directory, options);
  const { added, present } = await withBar(task.file, (onProgress) =>
    takeOver({ ...task, journal, options: { ...keys, onProgress } }),
  );
  return { added, present };
}

/** Shows on standard error how far the work on the file is. */
async function withBar<Result>(
  file: OriginFile,
  work: (onProgress: (doneBytes: number) => void) => Promise<Result>,
): Promise<Result> {
  const bar = new ProgressBar();
  try {
    return await work((doneBytes) => bar.update(doneBytes, file.sizeBytes));
  } finally {
    bar.clear();
  }
}

async function choose(
  name: string,
  file: OriginFile,
): Promise<{ readonly format: Format; readonly reason?: string }> {
  if (name === "auto") return recogniseFormat(file);
  const format = FORMATS.find((candidate) => candidate.name === name);
  if (format) return { format };
  throw usage(importFile, `FORMAT is ${NAMES.join(", ")} or auto, not ${JSON.stringify(name)}`);
}

async function context(call: Call): Promise<CheckContext> {
  const publicKey = readPublicKey(importFile, call);
  const key = await readSecretKey(importFile, call);
  return { primitives: { ...nodeHasher, ...nodeEd25519 }, key, publicKey };
}

/** With the key that the file itself names, perhaps at its end, so that nothing waits for it. */
async function withStatedKey(
  { keyMember }: Format,
  file: OriginFile,
  given: CheckContext,
): Promise<CheckContext> {
  if (keyMember === undefined || given.publicKey !== undefined) return given;
  return { ...given, statedKey: await readMember(file.chunks(), keyMember) };
}
