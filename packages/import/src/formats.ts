import { SteleError } from "@stele/core/error";
import { calybris } from "./calybris.ts";
import { chio } from "./chio.ts";
import type { Format } from "./format.ts";
import { hoosh } from "./hoosh.ts";
import { stemedb } from "./stemedb.ts";
import { symbi } from "./symbi.ts";

/** The formats by name, in the order in which they are tried. */
export const FORMATS: readonly Format[] = [calybris, chio, hoosh, symbi, stemedb];

/** How many bytes of a file are enough to recognise its format. */
export const RECOGNISED_BY_BYTES = 65_536;

/** A format, and why the file is of it. */
export interface Recognised {
  readonly format: Format;
  readonly reason: string;
}

/** The format of a file that begins so. Throws IMPORT_WRONG_FORMAT. */
export function recogniseFormat(untrustedBeginning: Uint8Array): Recognised {
  for (const format of FORMATS) {
    const reason = format.recognise(untrustedBeginning);
    if (reason !== undefined) return { format, reason };
  }
  const names = FORMATS.map(({ name }) => name).join(", ");
  throw new SteleError("IMPORT_WRONG_FORMAT", `the file is none of ${names}`, { offset: 0 });
}
