import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { nodeDisk } from "@stele/store/node";
import { testDisk } from "@stele/store/testing";

const root = mkdtempSync(join(tmpdir(), "stele-disk-"));
after(() => rmSync(root, { recursive: true }));

testDisk("nodeDisk", async () => ({ disk: nodeDisk(), directory: mkdtempSync(join(root, "d-")) }));
