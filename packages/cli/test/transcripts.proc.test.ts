import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { whyNotPlayed } from "../../../tools/test/needs.ts";
import { playTranscript } from "../../../tools/transcript/play.ts";
import { Session } from "../../../tools/transcript/session.ts";

for (const path of globSync(`${import.meta.dirname}/transcripts/*.txt`).toSorted()) {
  const text = readFileSync(path, "utf8");
  test(basename(path, ".txt"), { skip: whyNotPlayed(text) }, () => {
    using session = new Session();
    assert.equal(playTranscript(text, session), text);
  });
}
