import { usage } from "./arguments.ts";
import type { Command } from "./command.ts";

/** A time on the command line, and which end of a range it is. */
export interface TimeWords {
  /** The option, without dashes. */
  readonly name: "since" | "until" | "before";
  readonly text: string;
  readonly nowMs: number;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DAY_MS = 86_400_000;
const AGO = /^(\d{1,6})([smhdw])$/;
const ZONE = "(Z|[+-]\\d\\d:\\d\\d)?";
const CLOCK = new RegExp(`^(\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,3})?)?)${ZONE}$`);
const DAY = /^\d{4}-\d\d-\d\d$/;
const MOMENT = new RegExp(
  `^(\\d{4}-\\d\\d-\\d\\d)[T ](\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,9})?)?)${ZONE}$`,
);

/** What `help` says about times. */
export const TIME_HELP = `
A TIME is 90s, 30m, 2h, 7d or 2w ago; 14:00 or 14:00:30 today; today, yesterday or a day such as
2026-11-28 (for --until: to its end); or 2026-11-28T14:00. Without a zone it is UTC, as all times in
a journal are; with one it is 14:00+02:00 or 2026-11-28T14:00+02:00. Both ends are included.
`;

/**
 * The milliseconds since 1970 that a time on the command line means: UTC unless it names a zone. A
 * day is its beginning, and its end for `until`. Throws OPTION_INVALID.
 */
export function parseTime(command: Command, words: TimeWords): number {
  const ms = ago(words) ?? day(words) ?? clock(words) ?? moment(words);
  if (ms !== undefined && Number.isFinite(ms)) return ms;
  const forms = "2h, 30m or 7d (ago), 14:00 (today, UTC), 2026-11-28 or 2026-11-28T14:00+02:00";
  const given = JSON.stringify(words.text);
  const other = words.name === "before" ? "the number of an entry, " : "";
  throw usage(command, `--${words.name} takes ${other}${forms}, not ${given}`);
}

function ago({ text, nowMs }: TimeWords): number | undefined {
  const [, count, unit] = AGO.exec(text) ?? [];
  if (count === undefined || unit === undefined) return text === "now" ? nowMs : undefined;
  return nowMs - Number(count) * UNITS_MS[unit]!;
}

function day({ name, text, nowMs }: TimeWords): number | undefined {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const starts: Readonly<Record<string, number>> = { today, yesterday: today - DAY_MS };
  const start = DAY.test(text) ? dayStart(text) : starts[text];
  if (start === undefined) return undefined;
  return name === "until" ? start + DAY_MS - 1 : start;
}

/** NaN for a day that is in no calendar: Date.parse takes 31 June for 1 July. */
function dayStart(text: string): number {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text) ? ms : Number.NaN;
}

/** A time of today: of the day that it is now in its zone. */
function clock({ text, nowMs }: TimeWords): number | undefined {
  const [, time, zone = "Z"] = CLOCK.exec(text) ?? [];
  if (time === undefined) return undefined;
  const offsetMs = Date.parse("1970-01-01T00:00Z") - Date.parse(`1970-01-01T00:00${zone}`);
  const today = new Date(nowMs + offsetMs).toISOString().slice(0, 10);
  return Date.parse(`${today}T${time}${zone}`);
}

function moment({ text }: TimeWords): number | undefined {
  const [, date, time, zone = "Z"] = MOMENT.exec(text) ?? [];
  if (date === undefined || Number.isNaN(dayStart(date))) return undefined;
  return Date.parse(`${date}T${time}${zone}`);
}
