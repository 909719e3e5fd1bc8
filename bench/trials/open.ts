import { timeOpening } from "../journal.ts";
import { answer, trialSpec } from "./answer.ts";

const { dir } = trialSpec() as { readonly dir: string };
answer(await timeOpening(dir));
