// Appends so many entries to a journal in memory that holds the newest 1000, and prints what memory
// the process then has, at ten moments: "HEAP RSS", in bytes.
import { openMemoryJournal } from "@stele/journal/memory";

const count = Number(process.argv[2]);
const journal = await openMemoryJournal({ maxEntries: 1000 });
for (let tenth = 0; tenth < 10; tenth++) {
  for (let done = 0; done < count / 10; done += 250) {
    const appends = Array.from({ length: 250 }, () =>
      journal.append({ type: "gateway.event", data: { event: "request.done", level: "info" } }),
    );
    await Promise.all(appends);
  }
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  process.stdout.write(`${heapUsed + arrayBuffers} ${rss}\n`);
}
const { verdict, size } = await journal.verify({ key: journal.publicKey });
await journal.close();
process.stdout.write(`${verdict} ${size}\n`);
