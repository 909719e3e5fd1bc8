import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { nodeDisk } from "@stele/store/node";
import { testDisk } from "@stele/store/testing";

const root = mkdtempSync(join(tmpdir(), "stele-disk-"));
after(() => rmSync(root, { recursive: true }));

testDisk("nodeDisk", async () => ({ disk: nodeDisk(), directory: mkdtempSync(join(root, "d-")) }));

test("a directory is not made where a file is in the way", async () => {
  const disk = nodeDisk();
  const path = join(root, "file");
  writeFileSync(path, "");
  await assert.rejects(disk.makeDirectory(path), { code: "DISK_NOT_FOUND", path });
  await assert.rejects(disk.makeDirectory(join(path, "deeper")), { code: "DISK_NOT_FOUND" });
  await disk.makeDirectory(`${root}/one/two//three/`);
  await disk.close();
});

test("nor where the system makes none", { skip: process.platform !== "linux" }, async () => {
  const disk = nodeDisk();
  await assert.rejects(disk.makeDirectory("/proc/stele/journal"), { code: "DISK_NOT_FOUND" });
  await disk.close();
});
