// A process that does with the lock file named by its argument what a test tells it over IPC.
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { nodeDisk } from "@stele/store/node";

const path = process.argv[2]!;
const disk = nodeDisk();
const held: { release(): Promise<void> }[] = [];

const commands = {
  lock: async () => {
    held.push(await disk.lock(path));
  },
  lockOnAnotherDisk: async () => {
    held.push(await nodeDisk().lock(path));
  },
  lockInAThread: () => lockInAThread(),
  release: async () => {
    await held.pop()!.release();
  },
  closeDisk: () => disk.close(),
  openAndClose: () => closeSync(openSync(path, "r")),
  startChild: () => {
    spawn(process.execPath, ["-e", "setTimeout(() => {}, 3000)"], { stdio: "ignore" }).unref();
  },
  blockTheEventLoop: () => {
    process.send!("done");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  },
};

export type LockCommand = keyof typeof commands;

function lockInAThread(): Promise<void> {
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.module)
      .then(({ nodeDisk }) => nodeDisk().lock(workerData.path))
      .then(() => ({}), ({ code, message }) => ({ code, message }))
      .then((answer) => parentPort.postMessage(answer));`;
  const module = import.meta.resolve("@stele/store/node");
  const worker = new Worker(source, { eval: true, workerData: { module, path } });
  return new Promise((resolve, reject) => {
    worker.on("message", (error) => (error.code === undefined ? resolve() : reject(error)));
  });
}

process.on("message", (command: LockCommand) => void answer(command));

async function answer(command: LockCommand): Promise<void> {
  try {
    await commands[command]();
    process.send!("done");
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    process.send!(`${code} ${message}`);
  }
}
