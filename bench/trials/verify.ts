import { timeVerifying } from "../journal.ts";
import { answer, trialSpec } from "./answer.ts";

const { dir, threads } = trialSpec() as { readonly dir: string; readonly threads: number };
answer(await timeVerifying(dir, threads));
