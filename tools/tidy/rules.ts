import { declared } from "./declared.ts";
import { documents } from "./documents.ts";
import { doors } from "./doors.ts";
import { exports } from "./exports.ts";
import { layers } from "./layers.ts";
import { names } from "./names.ts";
import { references } from "./references.ts";
import type { Rule } from "./repository.ts";
import { sizes } from "./sizes.ts";
import { words } from "./words.ts";

/** Every rule that the repository keeps; CONTRIBUTING.md tells people the same. */
export const RULES: readonly Rule[] = [
  layers,
  doors,
  declared,
  references,
  sizes,
  exports,
  names,
  words,
  documents,
];
