import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { formatVerifierKey, signingKey } from "@stele/core/key";
import { openReader, type Journal, type Verdict } from "@stele/journal";
import { primitives, signerOf } from "./support/key.ts";
import { copyJournal, ledgerFiles } from "./support/ledger-files.ts";
import { reseal, type Edit } from "./support/reseal.ts";
import { newJournal, open, scratch } from "./support/scratch.ts";

const root = scratch("signed-threads");
const CRITICS = [1, 2, 3].map((seed) =>
  signerOf(signingKey(primitives, `critic-${seed}`, new Uint8Array(32).fill(seed))),
);

/** Keys come and go over some segments, in which each critic signs now and then. */
async function fillWithSigned(journal: Journal): Promise<void> {
  for (let round = 0; round < 6; round++) {
    for (const signer of CRITICS) {
      const { name: agent } = signer.key;
      const key = { agent, publicKey: formatVerifierKey(signer.key) };
      await journal.addAgentKey(key);
      const data = { round, text: "x".repeat(200) };
      await Promise.all([
        journal.append({ type: "note", agent, data }, { signer, content: { text: `${round}` } }),
        journal.append({ type: "note", agent, data }),
      ]);
      await journal.retireAgentKey(key);
    }
  }
}

async function verdicts(directory: string): Promise<readonly Verdict[]> {
  const reader = await openReader(directory);
  const found: Verdict[] = [];
  for (const threads of [1, 2]) found.push(await reader.verify({ threads }));
  return found;
}

/** Tells the whole journal anew, under its own key. */
function retell(directory: string, edit: Edit): void {
  const files = ledgerFiles(directory);
  const told = reseal(
    files.map((path) => readFileSync(path)),
    edit,
  );
  for (const [index, path] of files.entries()) writeFileSync(path, told[index]!);
  for (const name of ["head", "checkpoint"]) rmSync(join(directory, name), { force: true });
}

test("signatures over several segments have one verdict, by one thread or several", async () => {
  const directory = await newJournal(root, { segmentBytes: 2048 });
  const journal = await open(directory, { index: false });
  await fillWithSigned(journal);
  const signed = (await Array.fromAsync(journal.read())).filter(({ event }) => event["signature"]);
  await journal.close();
  assert.ok(ledgerFiles(directory).length > 4 && signed.length === 18);
  const forgeries: readonly (readonly [number | undefined, Edit])[] = [
    [undefined, (event) => event],
    ...[signed[2]!, signed[17]!].map(
      ({ seq }) =>
        [seq, (event: Buffer, at: number) => (at === seq ? swapped(event) : event)] as const,
    ),
  ];
  for (const [index, [seq, edit]] of forgeries.entries()) {
    const copy = copyJournal(directory, root);
    retell(copy, edit);
    if (index % 2 === 1) rmSync(join(copy, "agents"));
    const [one, ...others] = await verdicts(copy);
    assert.equal(one!.verdict, seq === undefined ? "intact" : "tampered", one!.firstBad?.reason);
    assert.equal(one!.firstBad?.seq, seq);
    for (const other of others) assert.deepEqual(other, one);
  }
});

function swapped(event: Buffer): Buffer {
  return Buffer.from(event.toString().replace('"text":"xx', '"text":"xy'));
}
