// Serves the witness in the directory of its first argument, and prints its URL.
import { writeSync } from "node:fs";
import { serveWitness } from "@stele/witness";

const { url, ended } = await serveWitness(process.argv[2]!, { ratePerSecond: 1e6 });
writeSync(1, `${url}\n`);
await ended;
