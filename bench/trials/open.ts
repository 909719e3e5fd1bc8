import { timeOpening } from "../journal.ts";
import { answer } from "./answer.ts";

await answer(({ dir }: { readonly dir: string }) => timeOpening(dir));
