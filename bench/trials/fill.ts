import { fillJournal } from "../journal.ts";
import { answer } from "./answer.ts";

interface FillSpec {
  readonly dir: string;
  readonly entries: number;
  readonly inFlight: number;
}

await answer((spec: FillSpec) => fillJournal(spec.dir, spec.entries, spec.inFlight));
