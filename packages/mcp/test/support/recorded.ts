import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createJournal, openReader, type Entry, type Verdict } from "@stele/journal";

/** How a client starts a server. */
export interface ServerCommand {
  readonly command: string;
  readonly args: string[];
  readonly env: Record<string, string>;
  readonly stderr: "ignore";
}

/** An entry as a test looks at it. */
export interface Recorded {
  readonly type: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  /** The entry's contents, read as JSON where they are. */
  readonly content: Readonly<Record<string, unknown>>;
}

/**
 * A real journal in a directory of its own, with its key, that a recorder in a process of its own
 * writes.
 */
export class RecordedJournal implements AsyncDisposable {
  readonly #root: string;
  readonly directory: string;

  private constructor(root: string) {
    this.#root = root;
    this.directory = join(root, "journal");
  }

  static async make(): Promise<RecordedJournal> {
    const made = new RecordedJournal(await mkdtemp(join(tmpdir(), "stele-mcp-")));
    process.env["XDG_CONFIG_HOME"] = made.#root;
    await createJournal(made.directory);
    return made;
  }

  /** The command that runs the server behind a recorder. */
  behind(policy: "closed" | "open", server: readonly string[]): ServerCommand {
    const recorder = fileURLToPath(new URL("recorder.ts", import.meta.url));
    return {
      command: process.execPath,
      args: ["--conditions=@stele/source", recorder, this.directory, policy, ...server],
      env: { PATH: process.env["PATH"] ?? "", XDG_CONFIG_HOME: this.#root },
      stderr: "ignore",
    };
  }

  /** A directory that servers may write to. */
  get files(): string {
    return this.#root;
  }

  async entries(): Promise<Recorded[]> {
    const reader = await openReader(this.directory);
    const entries: Recorded[] = [];
    for await (const entry of reader.read()) {
      const { type, id = "", parent, data } = entry.event;
      const contents = Object.keys((entry.event["content"] as object | undefined) ?? {});
      const content = await Promise.all(
        contents.map(async (name) => [name, await read(entry, name)]),
      );
      entries.push({
        type,
        id,
        parent,
        data: data as Record<string, unknown>,
        content: Object.fromEntries(content) as Record<string, unknown>,
      });
    }
    return entries;

    async function read({ seq }: Entry, name: string): Promise<unknown> {
      const text = Buffer.from((await reader.content(seq, name))!).toString();
      try {
        return JSON.parse(text);
      } catch {
        return text;
      }
    }
  }

  async verify(): Promise<Verdict> {
    return (await openReader(this.directory)).verify();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true });
  }
}

/** Each call of a session with its results, as one line: tool, id, outcomes. */
export function callsOf(entries: readonly Recorded[]): string[] {
  return entries
    .filter(({ type }) => type === "tool.call")
    .map(({ id, data }) => {
      const results = entries.filter((one) => one.type === "tool.result" && one.parent === id);
      const outcomes = results.map((result) => String(result.data["outcome"]));
      return `${String(data["tool"])} ${JSON.stringify(data["requestId"])}: ${outcomes.join(", ")}`;
    });
}

/** The command of the official filesystem server. */
export function filesystemServer(directory: string): string[] {
  const url = import.meta.resolve("@modelcontextprotocol/server-filesystem/dist/index.js");
  return [process.execPath, fileURLToPath(url), directory];
}

/** The command of the official server that has everything. */
export function everythingServer(): string[] {
  const url = import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js");
  return [process.execPath, fileURLToPath(url), "stdio"];
}
