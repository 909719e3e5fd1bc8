import assert from "node:assert/strict";
import { test } from "node:test";
import { playTranscript } from "./play.ts";
import { Session } from "./session.ts";

const TRANSCRIPT = `A title
# and a remark

$ cat > greeting <<'END'
> hello
>
> # no remark
> END
# The next one reads what the first wrote.
$ cat greeting; echo complaint >&2
hello

# no remark
complaint

$ exit 3
[exit 3]
$ echo $HOME | wc -l; cat
1
`;

test("a transcript that tells the truth comes back unchanged", () => {
  using session = new Session();
  assert.equal(playTranscript(TRANSCRIPT, session), TRANSCRIPT);
});

test("a transcript that does not comes back with what happened", () => {
  using session = new Session();
  const lie = TRANSCRIPT.replace("complaint\n\n", "praise\n\n").replace("[exit 3]\n", "");
  assert.equal(playTranscript(lie, session), TRANSCRIPT);
});
