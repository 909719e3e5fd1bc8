// Spends a budget of the journal named by its first argument, lets an agent's key come and go, and
// signs, until it is killed. Prints what was acknowledged: "reserved NAME", "settled NAME SPENT",
// "key COUNT" after so many changes, "signed SEQ".
import { writeSync } from "node:fs";
import { formatVerifierKey, signingKey } from "@stele/core/key";
import { openJournal, type Journal } from "@stele/journal";
import { primitives, signerOf } from "./key.ts";

const [, , directory = "", run = "0"] = process.argv;
const AGENT = "critic-1";
const signer = signerOf(signingKey(primitives, AGENT, new Uint8Array(32).fill(8)));
const key = { agent: AGENT, publicKey: formatVerifierKey(signer.key) };

async function spendForever(journal: Journal, worker: number): Promise<void> {
  const budget = (await journal.session("s")).budget("b");
  for (let n = 0; ; n++) {
    const reservation = `${run}-${worker}-${n}`;
    await budget.reserve(10, { reservation });
    writeSync(1, `reserved ${reservation}\n`);
    const spent = n % 3 === 0 ? 0 : n % 12;
    await (n % 3 === 0 ? budget.release(reservation) : budget.commit(reservation, spent));
    writeSync(1, `settled ${reservation} ${spent}\n`);
  }
}

async function changeKeysForever(journal: Journal): Promise<void> {
  for (;;) {
    const [known] = (await journal.agentKeys()).toReversed();
    if (known && known.retired === null) await journal.retireAgentKey(key);
    await journal.addAgentKey(key);
    const { seq } = await journal.append({ type: "note", agent: AGENT }, { signer });
    writeSync(1, `signed ${seq}\n`);
  }
}

const journal = await openJournal(directory, { index: false });
writeSync(1, "open\n");
await Promise.all([
  ...[1, 2, 3, 4].map((worker) => spendForever(journal, worker)),
  changeKeysForever(journal),
]);
