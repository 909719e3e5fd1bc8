import { openSync, writeSync } from "node:fs";
import { calybrisLog, chioDocument, hooshDocument, symbiDocument } from "./origin-files.ts";

// FORMAT BYTES PATH [KEY]: writes a file of about that size, without holding it in memory.
const [format = "", bytes = "", path = "", key = ""] = process.argv.slice(2);
const file = openSync(path, "w");
let sizeBytes = 0;

function* until<Entry>(make: (index: number) => Entry): Generator<Entry> {
  for (let index = 0; sizeBytes < Number(bytes); index++) yield make(index);
}

function document(): Iterable<string> {
  if (format === "chio") {
    const fixed = { server: "srv", depth: 2, allowed: true };
    const entry = (index: number) => ({ tool: `tool-${index % 7}`, agent: `agent-${index % 5}` });
    return chioDocument(
      until((index) => ({ ...fixed, ...entry(index), bytesRead: BigInt(index) })),
    );
  }
  if (format === "hoosh") {
    const metadata = '{"a":1,"b":[1.5,"x"]}';
    return hooshDocument(
      until((index) => ({ message: `message ${index}`, metadata })),
      key,
    );
  }
  if (format === "symbi") return symbiDocument(until((iteration) => ({ id: "an id", iteration })));
  const note = "x".repeat(130);
  return calybrisLog(until((index) => JSON.stringify({ index, cost: index / 2, note })));
}

let batch = "";
for (const piece of document()) {
  sizeBytes += piece.length;
  batch += piece;
  if (batch.length < 1024 * 1024) continue;
  writeSync(file, batch);
  batch = "";
}
writeSync(file, batch);
