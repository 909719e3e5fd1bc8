import { SteleError, type Event, type Gap, type Receipt } from "@stele/journal";
import type { RecordingJournal } from "@stele/mcp";

/** A journal in memory that fails when it is told to. Its entries outlive it, as files do. */
export class FakeDisk {
  readonly events: Event[] = [];
  readonly contents: Record<string, string>[] = [];
  /** While set, every append rejects with it, and the journal is dead from then on. */
  appendFailure: SteleError | undefined;
  /** While set, the journal cannot be opened. */
  openFailure: SteleError | undefined;
  /** While set, appends wait for it. */
  hold: Promise<void> | undefined;
  opened = 0;
  closed = 0;
  #locked = false;

  readonly open = async (): Promise<RecordingJournal> => {
    this.opened++;
    if (this.openFailure) throw this.openFailure;
    if (this.#locked) throw new SteleError("JOURNAL_LOCKED", "it was not closed");
    this.#locked = true;
    let dead = false;
    const append: RecordingJournal["append"] = async (event, options) => {
      const full = event as Event;
      if (this.hold) await this.hold;
      if (dead) throw new SteleError("WRITER_FAILED", "the writer has failed");
      if (this.appendFailure) {
        dead = !this.appendFailure.code.startsWith("EVENT_");
        throw this.appendFailure;
      }
      this.events.push(full);
      const contents = Object.entries(options?.content ?? {});
      this.contents.push(Object.fromEntries(contents.map(([name, one]) => [name, textOf(one)])));
      return receipt(this.events.length - 1);
    };
    return {
      append,
      recordGap: async (gap: Gap) => append({ type: "stele.gap", data: gap }),
      close: async () => {
        await Promise.resolve();
        this.#locked = false;
        this.closed++;
      },
    };
  };

  /** The events of a type. */
  of(type: string): Event[] {
    return this.events.filter((event) => event.type === type);
  }
}

function textOf(content: unknown): string {
  const { bytes } = content as { bytes: Uint8Array };
  return Buffer.from(bytes).toString("latin1");
}

function receipt(seq: number): Receipt {
  return {
    seq,
    hash: "0".repeat(64),
    time: "2026-11-20T00:00:00.000Z",
    sealedSize: seq + 1,
  } as Receipt;
}
