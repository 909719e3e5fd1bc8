export { AMOUNTS, type Amount, type Name } from "./facts.ts";
export type { Filter, Moment } from "./filter.ts";
export {
  JournalIndex,
  type AskOptions,
  type LinesPage,
  type Query,
  type QueryPage,
  type StatsQuery,
  type StatsResult,
} from "./journal-index.ts";
export type { IndexProgress } from "./projection.ts";
export type { Group, Stat } from "./stats.ts";
