import { SteleError } from "@stele/core/error";
import type { WritableFile } from "../disk.ts";
import { Refusal } from "./refusal.ts";
import type { Action, Effect, SimulatedCall } from "./simulated-calls.ts";
import type { SimulatedFile } from "./simulated-file.ts";

/** What ext4 can hold with blocks of 4 KiB. */
const FILE_BYTES_MAX = 2 ** 44;

/** Performs an action in its turn. */
export type Perform = <T>(action: Action<T>) => Promise<T>;

/** An open file of the simulated disk. */
export class SimulatedHandle implements WritableFile {
  readonly #path: string;
  readonly #file: SimulatedFile;
  readonly #perform: Perform;
  #closed = false;

  /** Without `perform` it only makes actions. */
  constructor(path: string, file: SimulatedFile, perform: Perform = refuseToPerform) {
    this.#path = path;
    this.#file = file;
    this.#perform = perform;
  }

  async size(): Promise<number> {
    return this.#perform(
      this.#action({ operation: "size" }, { whole: () => this.#file.sizeBytes }),
    );
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<number> {
    const call = { operation: "read", offsetBytes, sizeBytes: into.byteLength };
    return this.#perform(this.#action(call, { whole: () => this.#file.read(into, offsetBytes) }));
  }

  async write(bytes: Uint8Array, offsetBytes: number): Promise<void> {
    await this.#perform(this.writeAction(bytes, offsetBytes));
  }

  async sync(): Promise<void> {
    await this.#perform(this.syncAction());
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#perform(this.truncateAction(sizeBytes));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const action = this.#action({ operation: "close" }, { whole: () => {} });
    this.#closed = true;
    await this.#perform(action);
  }

  /** Takes shared bytes only when it is performed, so that changing them too early shows. */
  writeAction(bytes: Uint8Array, offsetBytes: number): Action<void> {
    const sizeBytes = bytes.byteLength;
    const shared = bytes.buffer instanceof SharedArrayBuffer;
    const source = shared ? bytes : new Uint8Array(bytes);
    const partly = (takenBytes: number) => {
      requirePossible(offsetBytes + sizeBytes);
      this.#file.write(new Uint8Array(source.subarray(0, takenBytes)), offsetBytes);
    };
    const effect = { whole: () => partly(sizeBytes), partly };
    return this.#action({ operation: "write", offsetBytes, sizeBytes }, effect);
  }

  truncateAction(sizeBytes: number): Action<void> {
    const whole = () => {
      requirePossible(sizeBytes);
      this.#file.truncate(sizeBytes);
    };
    return this.#action({ operation: "truncate", sizeBytes }, { whole });
  }

  syncAction(): Action<void> {
    return this.#action(
      { operation: "sync" },
      { whole: () => this.#file.sync(), drop: () => this.#file.dropUnsynced(), isSync: true },
    );
  }

  #action<T>(call: Omit<SimulatedCall, "path">, effect: Effect<T>): Action<T> {
    const path = this.#path;
    if (!this.#closed) return { call: { path, ...call }, effect };
    throw new SteleError("DISK_IO", `${call.operation} ${path}: the file is closed`, { path });
  }
}

function refuseToPerform(): never {
  throw new Error("this handle only makes actions");
}

function requirePossible(sizeBytes: number): void {
  if (sizeBytes > FILE_BYTES_MAX) throw new Refusal("DISK_IO", "file too large");
}
