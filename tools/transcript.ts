import { readFileSync, writeFileSync } from "node:fs";
import { playTranscript } from "./transcript/play.ts";
import { Session } from "./transcript/session.ts";

// node tools/transcript.ts FILE ...: writes into each transcript what its commands print now.

for (const path of process.argv.slice(2)) {
  using session = new Session();
  const text = readFileSync(path, "utf8");
  writeFileSync(path, playTranscript(text, session));
}
