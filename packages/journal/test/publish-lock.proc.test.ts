import assert from "node:assert/strict";
import { readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nodeDisk } from "@stele/store/node";
import { newJournal, open, scratch } from "./support/scratch.ts";

const root = scratch("publish-lock");

test("one publisher at a time, by whatever path, and the lock that stays is empty", async () => {
  const [site, other] = [join(root, "site"), join(root, "link")];
  await using journal = await open(await newJournal(root));
  await journal.append({ type: "note" });
  await journal.publish(site);
  symlinkSync(site, other);
  const disk = nodeDisk();
  try {
    // What a publisher of any journal does, on its way by another name.
    const lock = await disk.lock(join(other, "lock"));
    await assert.rejects(journal.publish(site), { code: "JOURNAL_LOCKED" });
    await lock.release();
  } finally {
    await disk.close();
  }
  await journal.append({ type: "note" });
  assert.equal((await journal.publish(site)).size, 2);
  const names = readdirSync(site).toSorted();
  assert.deepEqual(names, ["checkpoint", "lock", "tile"]);
  assert.equal(statSync(join(site, "lock")).size, 0);
});
