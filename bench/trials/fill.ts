import { fillJournal } from "../journal.ts";
import { answer, trialSpec } from "./answer.ts";

interface FillSpec {
  readonly dir: string;
  readonly entries: number;
  readonly inFlight: number;
}

const { dir, entries, inFlight } = trialSpec() as FillSpec;
await fillJournal(dir, entries, inFlight);
answer("filled");
