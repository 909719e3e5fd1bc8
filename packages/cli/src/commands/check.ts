import type { FileHandle } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { utf8 } from "@stele/core/bytes";
import {
  checkEntryProof,
  checkExtension,
  ExtractChecker,
  kindOfEvidence,
  parseEntryProof,
  parseExtension,
  parseSignedCheckpoint,
  type Evidence,
  type Trust,
} from "@stele/core/evidence";
import { leafHash } from "@stele/core/hash";
import { parseSigningKey, parseVerifierKey, sameKey, type VerifierKey } from "@stele/core/key";
import { formatHashField } from "@stele/core/ledger";
import { MAX_TLOG_PROOF_BYTES } from "@stele/core/tlog-proof";
import { SteleError, type Entry } from "@stele/journal";
import { nodeEd25519, nodeHasher } from "@stele/store/node";
import { operands, text, texts, usage, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { formatEntry } from "../entry-view.ts";
import { evidenceJson, extensionJson, formatEvidence, formatExtended } from "../evidence-view.ts";
import { openInput, readInput } from "../input-file.ts";
import { conclude, forPeople, print, printJson } from "../output.ts";

export const check: Command = {
  name: "check",
  synopsis: "FILE --key VKEY [--witness VKEY]... [--old FILE [--old-key VKEY]] [--json]",
  help: `
Checks what stele prove or stele consistency printed, without the journal and without asking
anybody: prints the entries that it proves and what that is worth. Exits 0 when it is proven, 1 when
the file is well-formed and proves nothing, 2 when it is malformed.

  --key VKEY       the journal's public key, from somebody you trust and not from the file: the
                   first one or any later one
  --witness VKEY   a witness's public key; says when it countersigned the checkpoint. May be given
                   several times
  --old FILE       the older checkpoint, for what stele consistency printed
  --old-key VKEY   the key that signed it, where that is another
  --json           print JSON Lines, also on a terminal: the entries, then the answer

Examples:
  stele check entry-41.tlog-proof --key 'acme.example/agents+1f2e3d4c+AT…'
  stele check monday-to-today.txt --old monday.txt --key 'acme.example/agents+1f2e3d4c+AT…'
`,
  options: {
    key: { type: "string" },
    witness: { type: "string", multiple: true },
    old: { type: "string" },
    "old-key": { type: "string" },
    json: { type: "boolean" },
  },
  run,
};

const primitives = { ...nodeHasher, ...nodeEd25519 };

async function run(call: Call): Promise<number> {
  const [path] = operands(check, call, ["FILE"]);
  const trust = readTrust(call);
  await using file = await openInput(path);
  const kind = kindOfEvidence(await readAtMost(file, 32));
  const old = text(call, "old");
  if (kind === "extension" && old === undefined) {
    throw usage(check, `${path} proves consistency with an older checkpoint: give it with --old`);
  }
  if (kind !== "extension" && old !== undefined) {
    throw usage(check, `--old is for proofs of consistency, which ${path} is not`);
  }
  if (old !== undefined) return await checkConsistency(call, trust, { file, old });
  const checkIt = kind === "entry" ? checkEntry : checkExtract;
  return await checkIt(call, trust, file);
}

function readTrust(call: Call): Trust {
  const vkey = text(call, "key");
  if (vkey === undefined) throw usage(check, "--key is missing: a proof shows nothing without it");
  const witnesses = texts(call, "witness").map((witness) =>
    parseVerifierKey(primitives, witness, ["cosignature"]),
  );
  return { key: readKey(vkey), witnesses };
}

/** A secret is not told on a command line. */
function readKey(vkey: string): VerifierKey {
  const key = parseVerifierKey(primitives, vkey);
  if (key.type !== "hmac-sha256") return key;
  const given = process.env["STELE_KEY"];
  if (!given) {
    const fix = "set STELE_KEY to the key that seals it, which only its keepers have";
    throw new SteleError("KEY_MISSING", `${key.name} is sealed with a secret`, { fix });
  }
  const secret = parseSigningKey(primitives, given.trim());
  if (sameKey(secret, key)) return secret;
  throw new SteleError("KEY_MISMATCH", `the key in STELE_KEY is not ${key.name}+${key.keyId}`);
}

async function checkEntry(call: Call, trust: Trust, file: FileHandle): Promise<number> {
  const proof = parseEntryProof(await readAtMost(file, MAX_TLOG_PROOF_BYTES + 1));
  const evidence = checkEntryProof(primitives, trust, proof);
  const leaf = proof.leaf.text;
  const hash = leafHash(primitives, utf8(leaf));
  if (evidence.proven) await printLine(call, leaf.slice(0, -1) + formatHashField(hash).trimEnd());
  return report(call, evidence);
}

/** Twice: no entry is shown before the end has proven it, and none is kept in memory. */
async function checkExtract(call: Call, trust: Trust, file: FileHandle): Promise<number> {
  const checker = new ExtractChecker(primitives, trust);
  for await (const chunk of chunks(file)) checker.push(chunk);
  const evidence = checker.end();
  if (!evidence.proven) return report(call, evidence);
  let lines: string[] = [];
  const printer = new ExtractChecker(primitives, trust, (line) => lines.push(line));
  for await (const chunk of chunks(file)) {
    printer.push(chunk);
    for (const line of lines) await printLine(call, line);
    lines = [];
  }
  if (isDeepStrictEqual(printer.end(), evidence)) return report(call, evidence);
  return report(call, { proven: false, reason: "the file changed while it was read" });
}

async function checkConsistency(
  call: Call,
  trust: Trust,
  { file, old }: { readonly file: FileHandle; readonly old: string },
): Promise<number> {
  const vkey = text(call, "old-key");
  const oldKey = vkey === undefined ? undefined : readKey(vkey);
  const older = parseSignedCheckpoint(await readInput(old));
  const extension = parseExtension(await readAtMost(file, MAX_TLOG_PROOF_BYTES));
  const found = checkExtension(primitives, { ...trust, oldKey }, older, extension);
  const status = found.proven ? 0 : 1;
  if (forPeople(call.options)) return conclude(status, print(formatExtended(found)));
  return conclude(status, printJson(extensionJson(found)));
}

async function printLine(call: Call, line: string): Promise<void> {
  const people = forPeople(call.options);
  await print(people ? formatEntry(JSON.parse(line) as Entry) : `${line}\n`);
}

async function report(call: Call, evidence: Evidence): Promise<number> {
  const status = evidence.proven ? 0 : 1;
  if (forPeople(call.options)) return conclude(status, print(formatEvidence(evidence)));
  return conclude(status, printJson(evidenceJson(evidence)));
}

/** The file from its beginning. */
async function* chunks(file: FileHandle): AsyncGenerator<Uint8Array, void, undefined> {
  yield* file.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Uint8Array>;
}

/** The file's first bytes: as many as there are, or so many. */
async function readAtMost(file: FileHandle, sizeBytes: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(new Uint8Array(sizeBytes), 0, sizeBytes, 0);
  return buffer.subarray(0, bytesRead);
}
