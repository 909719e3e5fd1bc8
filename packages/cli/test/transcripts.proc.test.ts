import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { playTranscript } from "../../../tools/transcript/play.ts";
import { Session } from "../../../tools/transcript/session.ts";

for (const path of globSync(`${import.meta.dirname}/transcripts/*.txt`).toSorted()) {
  test(basename(path, ".txt"), () => {
    using session = new Session();
    const text = readFileSync(path, "utf8");
    assert.equal(playTranscript(text, session), text);
  });
}
