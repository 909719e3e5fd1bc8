import { createHash, type Hash } from "node:crypto";
import type { Readable } from "node:stream";
import type { Side } from "./conversation.ts";
import { InFlight } from "./in-flight.ts";
import { chomp, LineSplitter, type Piece } from "./line-splitter.ts";
import type { Outlet } from "./outlet.ts";
import type { Passage, Session } from "./session.ts";

export interface RelayOptions {
  readonly from: Side;
  readonly source: Readable;
  readonly outlet: Outlet;
  /** Where the client is told that its line did not pass. */
  readonly replies: Outlet;
  readonly session: Session;
}

/** One direction of the traffic: passes lines on as the session decides, in order, unchanged. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #splitter = new LineSplitter();
  readonly #inFlight = new InFlight();
  /** The line that is passing in parts. */
  #long: { sizeBytes: number; readonly hash: Hash } | undefined;
  /** How often something came. */
  chunks = 0;
  /** Whether what came last is still being worked on. */
  busy = false;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Runs until the source ends or is destroyed, and everything that came has passed. */
  async run(): Promise<void> {
    const { source, outlet } = this.#options;
    for await (const chunk of untilBroken(source)) {
      this.busy = true;
      this.chunks++;
      await this.#work(this.#splitter.push(chunk));
      this.busy = false;
    }
    // What is left when the receiver is gone was cut off, and is no line.
    if (!outlet.lost.aborted) await this.#work(this.#splitter.end());
    await outlet.flushed();
  }

  async #work(pieces: Iterable<Piece>): Promise<void> {
    for (const piece of pieces) {
      if (piece.kind === "line") this.#line(piece.bytes);
      else this.#part(piece.bytes, piece.last);
      await this.#inFlight.room();
    }
  }

  #line(bytes: Buffer): void {
    const { from, session, outlet } = this.#options;
    const passage = from === "client" ? session.fromClient(bytes) : session.fromServer(bytes);
    const gate = passage.decision.then(({ passes }) => passes);
    this.#follow(passage, bytes.length, outlet.push(bytes, gate));
  }

  #part(bytes: Buffer, last: boolean): void {
    const { from, session, outlet } = this.#options;
    this.#long ??= { sizeBytes: 0, hash: createHash("sha256") };
    const body = chomp(bytes);
    this.#long.sizeBytes += body.length;
    this.#long.hash.update(body);
    this.#inFlight.add(bytes.length, outlet.push(bytes, session.longLinePasses(from)));
    if (!last) return;
    const { sizeBytes, hash } = this.#long;
    this.#long = undefined;
    this.#follow(session.longLine(from, { sizeBytes, sha256: hash.digest("hex") }), 0);
  }

  #follow({ decision, settled }: Passage, sizeBytes: number, passed?: Promise<void>): void {
    const { replies } = this.#options;
    const replied = decision.then(async ({ reply }) => {
      if (reply.length > 0) await replies.reply(reply);
    });
    this.#inFlight.add(sizeBytes, Promise.all([passed, replied, settled]));
  }
}

/** The chunks of a stream up to its end, or to where it breaks off. */
async function* untilBroken(source: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source) yield chunk as Buffer;
  } catch {
    // Destroyed, or the other end is gone: what came before still counts.
  }
}
