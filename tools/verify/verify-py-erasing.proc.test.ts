import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createJournal, openJournal } from "@stele/journal";
import { STELE, TOOLS } from "./judge.ts";

// tools/verify.py beside a writer that erases: the command erases just when the contents of the
// segment, which is read already, were opened.

const hasPython = spawnSync("python3", ["--version"], { stdio: "ignore" }).error === undefined;
const home = mkdtempSync(join(tmpdir(), "stele-verify-py-erasing-"));
after(() => rmSync(home, { recursive: true }));
process.env["HOME"] = process.env["XDG_CONFIG_HOME"] = home;

const ERASE_WHEN_OPENED = `
import subprocess, sys
sys.path.insert(0, sys.argv[1])
import verify
look, erase = verify.check_contents, sys.argv[3:]
def check_contents(file, wanted, sealed_size):
    if erase:
        subprocess.run(erase[:], check=True, stdout=subprocess.DEVNULL)
        erase.clear()
    return look(file, wanted, sealed_size)
verify.check_contents = check_contents
sys.exit(verify.main([sys.argv[2], "--json"]))
`;

test(
  "contents that are erased while they are checked",
  { skip: !hasPython && "there is no python3" },
  async () => {
    const journal = join(home, "journal");
    await createJournal(journal, { origin: "tests.example/erasing" });
    {
      await using open = await openJournal(journal);
      for (const subject of ["user-1", "user-2", "user-3"]) {
        await open.append({ type: "note", subject }, { content: { body: subject } });
      }
    }
    const erase = [STELE, "erase", journal, "--subject", "user-2", "--reason", "asked for"];
    const { stdout, stderr } = spawnSync(
      "python3",
      ["-c", ERASE_WHEN_OPENED, TOOLS, journal, process.execPath, ...erase],
      { encoding: "utf8", env: process.env },
    );
    assert.equal(stderr, "");
    const { verdict, size, contents } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([verdict, size], ["intact", 3], stdout);
    assert.deepEqual(contents, { checked: 2, absent: 0, erased: 1, unerased: 0 });
  },
);
