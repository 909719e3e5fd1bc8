import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

// npm run demo: an agent's tool calls are recorded, looked at, verified, and then tampered with, in
// copies. Fails if anything is not as the text says.

/** The parts of `stele verify` that the demo speaks of. */
interface Verdict {
  readonly verdict: string;
  readonly size: number;
  readonly firstBad: { readonly seq: number; readonly reason: string } | null;
  readonly cannotRuleOut: readonly string[];
}

/** The parts of an entry that the demo shows. */
interface Entry {
  readonly seq: number;
  readonly event: { readonly type: string; readonly data: Record<string, unknown> };
}

const STELE = fileURLToPath(new URL("../packages/cli/bin/stele.js", import.meta.url));
const SERVER = fileURLToPath(
  import.meta.resolve("@modelcontextprotocol/server-filesystem/dist/index.js"),
);
const LEDGER = "ledger/00000000000000000000.jsonl";
const scratch = mkdtempSync(join(tmpdir(), "stele-demo-"));
const journal = join(scratch, "journal");
const files = join(scratch, "files");
const checkpoint = join(scratch, "checkpoint.txt");
// The demo's key is kept apart from yours.
const env = {
  ...(process.env as Record<string, string>),
  XDG_CONFIG_HOME: join(scratch, "config"),
};
let key = "";

function title(text: string): void {
  console.log(`\n${styleText("bold", text)}`);
}

function say(text: string): void {
  console.log(`  ${text}`);
}

/** Runs stele and returns what it printed; shows the command. */
function stele(args: readonly string[], expectedStatus = 0): string {
  const shown = args.map((arg) => (arg.startsWith(scratch) ? relative(scratch, arg) : arg));
  say(styleText("cyan", `$ stele ${shown.map((arg) => (arg === key ? "VKEY" : arg)).join(" ")}`));
  const { status, stdout, stderr } = spawnSync(process.execPath, [STELE, ...args], {
    env,
    encoding: "utf8",
  });
  assert.equal(status, expectedStatus, `stele exited with ${status}: ${stdout}${stderr}`);
  return stdout;
}

function makeJournal(): void {
  title("1. A journal, and the key that seals it");
  const made = JSON.parse(stele(["init", journal, "--origin", "demo.example/agent"])) as {
    publicKey: string;
  };
  key = made.publicKey;
  say(`Its public key, for whoever wants to check it later: ${key}`);
}

/** A real MCP client works with the real filesystem server; the recorder stands between them. */
async function work(): Promise<void> {
  title("2. An agent works through stele mcp");
  mkdirSync(files);
  writeFileSync(join(files, "invoices.txt"), "4711 1,250 EUR\n");
  const command = ["mcp", journal, "--agent", "demo", "--", process.execPath, SERVER, files];
  say(styleText("cyan", "$ stele mcp journal --agent demo -- node server-filesystem files"));
  const client = new Client({ name: "stele-demo", version: "1.0.0" });
  const args = [STELE, ...command];
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args, env, stderr: "ignore" }),
  );
  const report = join(files, "report.txt");
  const content = "Paid invoice 4711: 1,250 EUR\n";
  await call(client, "list_directory", { path: files });
  await call(client, "write_file", { path: report, content });
  assert.equal(await call(client, "read_text_file", { path: report }), content);
  await call(client, "read_text_file", { path: "/etc/shadow" });
  await client.close();
}

async function call(client: Client, name: string, args: Record<string, string>): Promise<string> {
  const result = await client.callTool({ name, arguments: args });
  const [part] = result.content as { text?: string }[];
  const text = part?.text ?? "";
  const path = args["path"]!.replace(`${scratch}/`, "");
  const answer = text.replaceAll(`${scratch}/`, "").trim().slice(0, 50) || "(nothing)";
  say(`${name}(${path}) ${result.isError === true ? "was refused" : "answered"}: ${answer}`);
  return text;
}

function look(): void {
  title("3. What is on disk, sealed");
  const lines = stele(["cat", journal]).trim().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as Entry);
  for (const { seq, event } of entries) say(`${String(seq).padStart(3)}  ${summary(event)}`);
  const calls = entries.filter(({ event }) => event.type === "tool.call");
  const results = entries.filter(({ event }) => event.type === "tool.result");
  assert.equal(calls.length, 4);
  assert.deepEqual(
    results.map(({ event }) => event.data["outcome"]),
    ["ok", "ok", "ok", "tool_error"],
  );
  say("Each call was on disk before the server saw it, each result before the agent did.");
  say("Arguments and results are kept beside the ledger, which holds commitments to them.");
}

function summary({ type, data }: Entry["event"]): string {
  const { client, server } = data as { client?: { name: string }; server?: { name: string } };
  const peers = type === "mcp.peers" ? `${client?.name} and ${server?.name}` : "";
  const details = ["from", "kind", "method", "tool", "outcome"].map((name) => data[name]);
  return [type.padEnd(12), peers, ...details].filter(Boolean).join(" ");
}

function check(): void {
  title("4. What it is worth");
  writeFileSync(checkpoint, stele(["checkpoint", journal]));
  say("(The newest seal, to be kept where the journal's keeper cannot reach it.)");
  const verdict = verify(journal, [], 0);
  assert.equal(verdict.verdict, "intact");
  say(`What nobody can rule out: ${verdict.cannotRuleOut.at(-1)}.`);
}

/** Verifies, with the key pinned, and says what came of it. */
function verify(directory: string, more: readonly string[], expectedStatus: 0 | 1): Verdict {
  const args = ["verify", directory, "--key", key, ...more];
  const verdict = JSON.parse(stele(args, expectedStatus)) as Verdict;
  const bad = verdict.firstBad;
  const found = bad ? `at entry ${bad.seq}: ${bad.reason}` : `${verdict.size} entries`;
  const colour = bad ? "red" : "green";
  say(`${styleText([colour, "bold"], verdict.verdict)} ${found}`);
  return verdict;
}

/** Copies the journal and changes the text of its ledger. */
function tamper(name: string, change: (text: string) => string): string {
  const copy = join(scratch, name);
  cpSync(journal, copy, { recursive: true });
  const path = join(copy, LEDGER);
  const before = readFileSync(path, "utf8");
  const after = change(before);
  assert.notEqual(after, before);
  writeFileSync(path, after);
  return copy;
}

function changeByte(): void {
  title("5. In a copy, one byte is changed: the file was written in another year");
  const written = seqOf('"write_file"');
  const copy = tamper("changed", (text) =>
    text.replace(
      new RegExp(`^({"seq":${written},.*?"time":"...)(.)`, "m"),
      (_, before, digit) => `${before}${(Number(digit) + 9) % 10}`,
    ),
  );
  const { verdict, firstBad } = verify(copy, [], 1);
  assert.equal(verdict, "tampered");
  assert.equal(firstBad?.seq, written);
}

function deleteLine(): void {
  title("6. In another, one line is deleted: the file was never written");
  const deleted = seqOf('"write_file"');
  const copy = tamper("deleted", (text) =>
    text.replace(new RegExp(`^\\{"seq":${deleted},.*\n`, "m"), ""),
  );
  const { verdict, firstBad } = verify(copy, [], 1);
  assert.equal(verdict, "tampered");
  assert.equal(firstBad?.seq, deleted);
}

function cutTail(): void {
  title("7. In a third, the end is cut off, as if the refused call had never been");
  const refused = seqOf('"tool_error"');
  const copy = tamper("cut", (text) => text.slice(0, text.indexOf(`{"seq":${refused - 1},`)));
  assert.equal(verify(copy, [], 1).verdict, "truncated");
  say("The files head and checkpoint knew how long the ledger was. Now they go too:");
  for (const name of ["head", "checkpoint"]) rmSync(join(copy, name));
  const alone = verify(copy, [], 0);
  assert.equal(alone.verdict, "intact");
  say(`From inside nobody can see that; verify says so: it cannot rule out`);
  say(`${alone.cannotRuleOut.find((one) => one.includes("from the end"))}.`);
  say("But whoever kept the checkpoint can:");
  const { verdict, firstBad } = verify(copy, ["--checkpoint", checkpoint], 1);
  assert.equal(verdict, "rolled-back");
  assert.equal(firstBad?.seq, refused - 1);
}

/** The seq of the first entry whose line contains the text. */
function seqOf(text: string): number {
  const lines = readFileSync(join(journal, LEDGER), "utf8").split("\n");
  const line = lines.find((one) => one.startsWith('{"seq":') && one.includes(text));
  return (JSON.parse(line ?? "{}") as Entry).seq;
}

makeJournal();
await work();
look();
check();
changeByte();
deleteLine();
cutTail();
title("Everything was as it should be.");
say(`The journal and its copies are in ${scratch}`);
