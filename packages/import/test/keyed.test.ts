import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "@stele/core/bytes";
import { calybris } from "@stele/import";
import { checkBytes, primitives } from "./support/check.ts";

test("calybris keys of every length, and data of every size, are those of HMAC-SHA-256", async () => {
  for (const keyLength of [1, 32, 63, 64, 65, 200]) {
    const key = "k".repeat(keyLength);
    let previous = "genesis";
    const lines = [0, 1, 60, 5000, 10, 20_000].map((size, index) => {
      const data = JSON.stringify({ text: "x".repeat(size) });
      const hash = primitives.hmacSha256(utf8(key), [utf8(previous), utf8(data)]);
      const links = `"previous_hash":"${previous}","entry_hash":"${hash}"`;
      previous = hash;
      return `{"sequence":${index + 1},${links},"data":${data}}\n`;
    });
    const report = await checkBytes(calybris, lines.join(""), { key });
    assert.deepEqual([report.verdict, report.entries, report.keyed], ["intact", 6, true]);
  }
});
