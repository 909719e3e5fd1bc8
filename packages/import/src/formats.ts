import { SteleError } from "@stele/core/error";
import { calybris } from "./calybris.ts";
import { chio } from "./chio.ts";
import type { Format } from "./format.ts";
import { hoosh } from "./hoosh.ts";
import { stemedb } from "./stemedb.ts";
import { symbi } from "./symbi.ts";

/** The formats by name, in the order in which they are tried. */
export const FORMATS: readonly Format[] = [calybris, chio, hoosh, symbi, stemedb];

/** How many bytes of a text file are enough to recognise its format. */
const RECOGNISED_BY_BYTES = 65_536;

/** A file whose format is asked for. */
export interface Unrecognised {
  readonly sizeBytes: number;
  /** Its first bytes, so many or all. */
  beginning(sizeBytes: number): Promise<Uint8Array>;
}

/** A format, and why the file is of it. */
export interface Recognised {
  readonly format: Format;
  readonly reason: string;
}

/** The format of a file, by how it begins. Throws IMPORT_WRONG_FORMAT. */
export async function recogniseFormat(file: Unrecognised): Promise<Recognised> {
  const first = await file.beginning(RECOGNISED_BY_BYTES);
  for (const format of FORMATS) {
    const needed = format.neededBytes?.(first, file.sizeBytes) ?? 0;
    const enough = needed > first.length ? await file.beginning(needed) : first;
    const reason = await format.recognise(enough);
    if (reason !== undefined) return { format, reason };
  }
  const names = FORMATS.map(({ name }) => name).join(", ");
  const message = `the file is none of ${names}${unrecognisable(first)}`;
  throw new SteleError("IMPORT_WRONG_FORMAT", message, { offset: 0 });
}

function unrecognisable(first: Uint8Array): string {
  if (first.length === 0) return ": it is empty, and can be checked with its format's name";
  if (first.some((byte) => byte !== 0)) return "";
  return ": it begins with zeros, and can be checked with its format's name";
}
