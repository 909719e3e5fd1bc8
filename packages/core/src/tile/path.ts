import { isNatural } from "../proof/layout.ts";
import { TILE_WIDTH, type Tile } from "./layout.ts";

/** The highest level that C2SP tlog-tiles has a path for. No tree of ours has more than 7 levels. */
const MAX_LEVEL = 63;

/** A run of 256 entries, or with a smaller width the beginning of one. */
export type Bundle = Pick<Tile, "index" | "width">;

/**
 * The tile's path below a log's prefix (C2SP tlog-tiles): `tile/1/x001/x234/067`, and for a
 * partial tile `tile/1/x001/x234/067.p/44`.
 */
export function formatTilePath({ level, index, width }: Tile): string {
  if (!isNatural(level) || level > MAX_LEVEL) throw new RangeError(`tile level ${level}`);
  return formatPath(String(level), { index, width });
}

/** The path of an entry bundle: `tile/entries/x001/x234/067`, and `….p/44` for a partial one. */
export function formatBundlePath(bundle: Bundle): string {
  return formatPath("entries", bundle);
}

/** The tile of that path; undefined for every other spelling, also of a path that names one. */
export function parseTilePath(untrusted: string): Tile | undefined {
  const { kind = "", ...bundle } = parsePath(untrusted) ?? {};
  const level = Number(kind);
  if (!isBundle(bundle) || kind === "entries" || level > MAX_LEVEL) return undefined;
  const tile = { level, ...bundle };
  return formatTilePath(tile) === untrusted ? tile : undefined;
}

/** The bundle of that path; undefined for every other spelling. */
export function parseBundlePath(untrusted: string): Bundle | undefined {
  const { kind, ...bundle } = parsePath(untrusted) ?? {};
  if (!isBundle(bundle) || kind !== "entries") return undefined;
  return formatBundlePath(bundle) === untrusted ? bundle : undefined;
}

function formatPath(kind: string, { index, width }: Bundle): string {
  if (!isBundle({ index, width })) throw new RangeError(`tile ${index} of width ${width}`);
  const partial = width === TILE_WIDTH ? "" : `.p/${width}`;
  return `tile/${kind}/${formatIndex(index)}${partial}`;
}

/** Three digits an element, so that no directory has more than a thousand tiles. */
function formatIndex(index: number): string {
  let path = digits(index % 1000);
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${digits(rest % 1000)}/${path}`;
  }
  return path;
}

function digits(below1000: number): string {
  return String(below1000).padStart(3, "0");
}

/** 2^53 - 1 has sixteen digits, in six elements. */
const PATH = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/;

function parsePath(untrusted: string): (Partial<Bundle> & { readonly kind: string }) | undefined {
  const [, kind, elements, partial] = PATH.exec(untrusted) ?? [];
  if (kind === undefined || elements === undefined) return undefined;
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  return { kind, index: Number(elements.replaceAll(/[x/]/g, "")), width };
}

function isBundle(bundle: Partial<Bundle>): bundle is Bundle {
  const { index = -1, width = 0 } = bundle;
  return isNatural(index) && isNatural(width) && width >= 1 && width <= TILE_WIDTH;
}
