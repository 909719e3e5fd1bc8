export type {
  Amount,
  AskOptions,
  Filter,
  Group,
  IndexProgress,
  LinesPage,
  Moment,
  Name,
  Query,
  QueryPage,
  Stat,
  StatsQuery,
  StatsResult,
} from "@stele/index";
export type { ReaderOptions } from "./reading.ts";
export type { Contribution, Explanation, ExplainedEntry, QueryAudit, Unexplained } from "./why.ts";
