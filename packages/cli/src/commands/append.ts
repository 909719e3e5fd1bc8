import { openJournal, parseEvent, SteleError, type EventText } from "@stele/journal";
import { parseSigned, type SignedEvent } from "@stele/journal/agents";
import { checkRecord } from "@stele/journal/records";
import { oneOf, onlyDirectory, usage, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { withSchemas } from "../schemas.ts";
import { readLines, SIGNED, StandardInput, unrecorded, type InputLine } from "../input.ts";
import { OutputClosed } from "../output.ts";
import { Receipts, type Unprinted } from "../receipts.ts";
import { findWitness, warn } from "../witnesses.ts";

export const append: Command = {
  name: "append",
  synopsis:
    "DIR [--ack synced|witnessed|written|queued] [--witness FILE] " +
    "[--inexact-numbers refuse|string] [--schema TYPE=FILE]... < EVENTS",
  help: `
Reads events as JSON Lines from standard input and prints one receipt a line, in the same order,
as soon as the event is sealed and on disk. Only what has a receipt is acknowledged. Ctrl-C stops
reading; what was read is still recorded and gets its receipt. The first bad line ends the command.

  --ack LEVEL            when to acknowledge: synced (default: sealed and on disk), witnessed
                         (countersigned too), written (handed to the operating system), queued
                         (in memory)
  --witness FILE         a C2SP witness policy: its witnesses are asked to countersign
                         checkpoints, once a second and at the end (default: STELE_WITNESS)
  --inexact-numbers HOW  what to do with a number that a double cannot hold exactly:
                         refuse (default), or keep it as a string
  --schema TYPE=FILE     a JSON Schema (draft 2020-12) that events of your own type must fit; may
                         come more than once. Events of the types that Stele knows (decision,
                         tool.call, …) are always checked; of other types they are not

An event that its agent signed comes as a line {"signed":"…","contents":{…}} (see stele agent).

Examples:
  echo '{"type":"note","data":{"text":"hello"}}' | stele append ./journal
  my-agent --log-json | stele append ./journal > receipts.jsonl
`,
  options: {
    ack: { type: "string" },
    witness: { type: "string" },
    "inexact-numbers": { type: "string" },
    schema: { type: "string", multiple: true },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(append, call);
  const ack = oneOf(append, call, {
    name: "ack",
    words: ["synced", "witnessed", "written", "queued"],
  });
  const read = await reading(call);
  const witness = await findWitness(call);
  if (ack === "witnessed" && !witness) throw usage(append, "--ack witnessed needs --witness FILE");
  await using journal = await openJournal(directory, { witness, onProblem: warn });
  using input = new StandardInput();
  const receipts = new Receipts(() => input.stop());
  let mistake: Error | undefined;
  try {
    for await (const line of readLines(input.chunks())) {
      if (receipts.isOver) break;
      const pending = journal.append(read(line), { ack });
      await receipts.add(pending.catch((error: unknown) => refused(line, error)));
    }
  } catch (error) {
    mistake = error as Error;
  }
  await receipts.finished().catch((error: unknown) => explain(error, receipts.unprinted));
  // What the witnesses do not answer here was told by a warning.
  if (witness) await journal.witnessSealed().catch(() => undefined);
  if (mistake !== undefined) throw mistake;
  return input.interrupted ? INTERRUPTED : 0;
}

/** The exit status of a program that SIGINT ended. */
const INTERRUPTED = 130;

/** The journal refused one line. It does that later, when lines behind it may be on their way. */
class LineRefused extends Error {
  override readonly name = "LineRefused";
  readonly number: number;
  readonly reason: SteleError;

  constructor(number: number, reason: SteleError) {
    super(reason.message, { cause: reason });
    this.number = number;
    this.reason = reason;
  }
}

function refused({ number }: InputLine, error: unknown): never {
  const isOfTheLine = error instanceof SteleError && OF_THE_LINE.test(error.code);
  throw isOfTheLine ? new LineRefused(number, error) : error;
}

/** Codes of errors that are about one event, not about the journal. */
const OF_THE_LINE = /^(?:EVENT|CONTENT|SIGNATURE|AGENT)_/;

function explain(error: unknown, unprinted: Unprinted): never {
  if (error instanceof LineRefused) {
    const { code, message, fix } = error.reason;
    const place = `line ${error.number} was not recorded, ${behind(unprinted)}`;
    throw new SteleError(code, `${place}: ${message}`, { fix, cause: error });
  }
  if (!(error instanceof OutputClosed)) throw error;
  const message = "standard output was closed before all receipts were printed";
  throw new SteleError("OUTPUT_CLOSED", message, { cause: error });
}

function behind({ seqs, failed }: Unprinted): string {
  if (failed) return "what follows it may be";
  if (seqs.length === 0) return "nor what follows it";
  const count = seqs.length === 1 ? "1 line" : `${seqs.length} lines`;
  return `but ${count} behind it, up to entry ${Math.max(...seqs)}, without a receipt`;
}

/** How lines become events, as the options say: parsed, and checked against their types. */
async function reading(call: Call): Promise<(line: InputLine) => EventText | SignedEvent> {
  const inexactNumbers = oneOf(append, call, {
    name: "inexact-numbers",
    words: ["refuse", "string"],
  });
  const records = await withSchemas(call);
  return ({ number, text }) => {
    try {
      if (text.startsWith(SIGNED)) return parseSigned(text);
      const event = parseEvent(text, { inexactNumbers });
      checkRecord(records, event);
      return event;
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
      const { code, message, fix } = error;
      throw new SteleError(code, `${unrecorded(number)}: ${message}`, { fix, cause: error });
    }
  };
}
