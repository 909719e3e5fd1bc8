import { SteleError } from "@stele/core/error";
import type { ErrorCode } from "@stele/core/error";
import type { Disk, DiskLock, DiskStep, ReadableFile, WritableFile } from "../disk.ts";
import { TEMPORARY } from "../layout.ts";
import { Refusal } from "./refusal.ts";
import { SeededRandom } from "./seeded-random.ts";
import { SimulatedCalls } from "./simulated-calls.ts";
import type { Action, SimulatedCall, TracedCall } from "./simulated-calls.ts";
import { SimulatedHandle } from "./simulated-handle.ts";
import { SimulatedNames } from "./simulated-names.ts";

/**
 * A disk in memory that can lose, tear and reorder what was not synced, fail at any call, and lie
 * after a failed sync. What happens depends only on the calls and the seeds. Calls take effect in
 * order, a little later than they are made; each call, and each step of a run, has a number, from 0
 * on.
 */
export class SimulatedDisk implements Disk {
  readonly #names: SimulatedNames;
  readonly #calls = new SimulatedCalls();
  readonly #locked = new Set<string>();
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(names: SimulatedNames = new SimulatedNames()) {
    this.#names = names;
  }

  /** The calls so far, in the order in which they took effect. */
  get trace(): readonly TracedCall[] {
    return this.#calls.trace;
  }

  /** The trace as text, one call a line. */
  describe(): string {
    return this.trace.map(describeCall).join("\n");
  }

  /** Makes the call of that number fail with the error, before or after its effect took hold. */
  failAt(index: number, fault: { when: "before" | "after"; error: ErrorCode }): void {
    this.#calls.plan(index, fault);
  }

  /**
   * Makes the call, which must be a write, take only so many bytes and reject with
   * DISK_SHORT_WRITE.
   */
  shortWriteAt(index: number, takenBytes: number): void {
    this.#calls.plan(index, { when: "partway", takenBytes });
  }

  /**
   * Makes the call, which must be a sync of a file, reject with DISK_IO and lose what was unsynced,
   * as Linux does when writing back fails: reads still show the bytes and the next sync succeeds,
   * but only bytes that are written again reach the medium.
   */
  dropSyncAt(index: number): void {
    this.#calls.plan(index, { when: "dropping" });
  }

  /**
   * Cuts the power during the call: its effect is left to `crash` like that of any unsynced call
   * (or shows after `kill`); it and every later call reject, and later ones have no effect.
   */
  crashAt(index: number): void {
    this.#calls.plan(index, { when: "crash" });
  }

  /**
   * The disk that a power cut at this moment could leave; other seeds, other outcomes. This one is
   * not changed.
   */
  crash(seed: number): SimulatedDisk {
    return new SimulatedDisk(this.#names.afterCrash(new SeededRandom(seed)));
  }

  /** The disk that the death of the process leaves: all that was visible, and none of the locks. */
  kill(): SimulatedDisk {
    return new SimulatedDisk(this.#names.copy());
  }

  list(directory: string): Promise<readonly string[]> {
    return this.#read({ operation: "list", path: directory }, () => this.#names.list(directory));
  }

  makeDirectory(directory: string): Promise<void> {
    return this.#change({ operation: "makeDirectory", path: directory }, () =>
      this.#names.makeDirectory(directory),
    );
  }

  async openRead(path: string): Promise<ReadableFile> {
    const call = { operation: "openRead", path };
    const file = await this.#read(call, () => this.#names.open(path, false));
    return new SimulatedHandle(path, file, (action) =>
      this.#enqueue(() => this.#calls.perform(action)),
    );
  }

  async openWrite(path: string): Promise<WritableFile> {
    const call = { operation: "openWrite", path };
    const file = await this.#change(call, () => this.#names.open(path, true));
    return new SimulatedHandle(path, file, (action) =>
      this.#enqueue(() => this.#performWhileOpen(action)),
    );
  }

  rename(from: string, to: string): Promise<void> {
    return this.#change({ operation: "rename", path: from, to }, () =>
      this.#names.rename(from, to),
    );
  }

  remove(path: string): Promise<void> {
    return this.#change({ operation: "remove", path }, () => this.#names.remove(path));
  }

  removeDirectory(directory: string): Promise<void> {
    return this.#change({ operation: "removeDirectory", path: directory }, () =>
      this.#names.removeDirectory(directory),
    );
  }

  syncDirectory(directory: string): Promise<void> {
    const call = { operation: "syncDirectory", path: directory };
    const whole = () => this.#names.syncDirectory(directory);
    return this.#enqueue(() => this.#performWhileOpen({ call, effect: { whole, isSync: true } }));
  }

  async run(steps: readonly DiskStep[]): Promise<void> {
    const performances = steps.map((step) => this.#performanceOf(step));
    await this.#enqueue(() => performances.forEach((perform) => perform()));
  }

  async lock(path: string): Promise<DiskLock> {
    await this.#change({ operation: "lock", path }, () => {
      this.#names.open(path, true);
      if (this.#locked.has(path)) throw new Refusal("JOURNAL_LOCKED", "held by this process");
      this.#locked.add(path);
    });
    const call = { operation: "release", path };
    let released: Promise<void> | undefined;
    return {
      release: () => (released ??= this.#change(call, () => void this.#locked.delete(path))),
    };
  }

  async close(): Promise<void> {
    await this.#enqueue(() => {
      this.#closed = true;
      this.#locked.clear();
    });
  }

  #performanceOf(step: DiskStep): () => void {
    if (step.kind === "replace") return this.#replacement(step.path, new Uint8Array(step.bytes));
    const action = stepAction(step);
    return () => this.#performWhileOpen(action);
  }

  /** Counts as the calls that it consists of, so that each of them can be made to fail. */
  #replacement(path: string, bytes: Uint8Array): () => void {
    const temporary = path + TEMPORARY;
    const open = { operation: "openWrite", path: temporary };
    const rename = { operation: "rename", path: temporary, to: path };
    return () => {
      const whole = () => this.#names.open(temporary, true);
      const file = this.#performWhileOpen({ call: open, effect: { whole } });
      const handle = new SimulatedHandle(temporary, file);
      this.#performWhileOpen(handle.truncateAction(0));
      this.#performWhileOpen(handle.writeAction(bytes, 0));
      this.#performWhileOpen(handle.syncAction());
      const effect = { whole: () => this.#names.rename(temporary, path) };
      this.#performWhileOpen({ call: rename, effect });
    };
  }

  #read<T>(call: SimulatedCall, whole: () => T): Promise<T> {
    return this.#enqueue(() => this.#calls.perform({ call, effect: { whole } }));
  }

  #change<T>(call: SimulatedCall, whole: () => T): Promise<T> {
    return this.#enqueue(() => this.#performWhileOpen({ call, effect: { whole } }));
  }

  #performWhileOpen<T>(action: Action<T>): T {
    if (this.#closed) throw new SteleError("DISK_IO", "the disk is closed");
    return this.#calls.perform(action);
  }

  /** One after the other, and never within the call itself. */
  #enqueue<T>(task: () => T): Promise<T> {
    const result = this.#queue.then(task);
    this.#queue = result.catch(() => {});
    return result;
  }
}

function stepAction(step: Exclude<DiskStep, { kind: "replace" }>): Action<void> {
  const handle = step.file as SimulatedHandle;
  return step.kind === "sync"
    ? handle.syncAction()
    : handle.writeAction(step.bytes, step.offsetBytes);
}

function describeCall(call: TracedCall, index: number): string {
  const { operation, path, to, offsetBytes, sizeBytes, outcome } = call;
  const parts = [
    `${index} ${operation} ${path}`,
    to !== undefined && `to ${to}`,
    sizeBytes !== undefined && `${sizeBytes} bytes`,
    offsetBytes !== undefined && `at ${offsetBytes}`,
    outcome !== "done" && outcome,
  ];
  return parts.filter(Boolean).join(" ");
}
