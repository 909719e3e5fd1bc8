import { timeVerifying } from "../journal.ts";
import { answer } from "./answer.ts";

interface VerifySpec {
  readonly dir: string;
  readonly threads: number;
}

await answer(({ dir, threads }: VerifySpec) => timeVerifying(dir, threads));
