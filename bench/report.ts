import { judgeAims, type Aim } from "./aims.ts";
import type { AppendRow } from "./append.ts";
import { CONTENDERS, type ContenderName } from "./contenders/all.ts";
import type { ProofRow, PublishRow } from "./evidence.ts";
import type { ImportRow } from "./import.ts";
import type { IndexRow } from "./index.ts";
import type { GuardResult } from "./trials/guard.ts";
import type { OpenRow } from "./open.ts";
import { appendFigures, GROUP, type Run } from "./figures.ts";
import { formatNumber, renderTable, type Table } from "./table.ts";
import type { VerifyRow } from "./verify.ts";

/** The whole report as Markdown that also reads well on a terminal. */
export function renderReport(run: Run): string {
  const tables = [
    ...appendTables(run),
    costTable(run),
    verifyTable(run.verify),
    openTable(run.open),
    proofTable(run.proofs),
    publishTable(run.publish),
    indexTable(run.index),
    guardTable(run.guard),
    importTable(run.import),
    aimTable(judgeAims(run)),
  ];
  const filled = tables.filter((table) => table.rows.length > 0);
  return `${[machineText(run), ...filled.map(renderTable)].join("\n\n")}\n`;
}

function machineText({ date, machine, measureMs, rounds }: Run): string {
  const { cpu, cores, kernel, node } = machine;
  return [
    `- ${date.slice(0, 10)}: ${cpu}, cores: ${cores}, ${kernel}, Node ${node}`,
    `- ${machine.fileSystem}; load average before the run ${machine.loadAverage.toFixed(2)}`,
    `- SHA-256 by node:crypto, blocks of 16 KiB: ${machine.sha256MBps} MB/s`,
    `- medians of ${rounds} interleaved rounds; appends timed for ${measureMs / 1000} s each`,
  ].join("\n");
}

function appendTables(run: Run): Table[] {
  const counts = [...new Set(run.append.map((row) => row.inFlight))];
  return counts.map((inFlight) => ({
    title: `Append, ${inFlight} in flight`,
    columns: [
      "contender",
      "once appended",
      "entries/s",
      "± %",
      "Stele is ×",
      "p50 µs",
      "p99 µs",
      "bytes/entry",
      "CPU µs/entry",
      "max RSS MiB",
    ],
    rows: run.append.filter((row) => row.inFlight === inFlight).map((row) => appendRow(run, row)),
  }));
}

function appendRow(run: Run, row: AppendRow): (string | number)[] {
  const { contender, inFlight, median } = row;
  const stele = appendFigures(run, "stele", inFlight)?.entriesPerSecond ?? NaN;
  return [
    contender,
    row.failures > 0 ? `FAILED ${row.failures} times` : CONTENDERS[contender].promise,
    median.entriesPerSecond,
    Math.round(row.spread * 100),
    stele / median.entriesPerSecond,
    median.p50Us,
    median.p99Us,
    median.bytesPerEntry,
    median.cpuUsPerEntry,
    median.maxRssMiB,
  ];
}

function costTable(run: Run): Table {
  const { costs } = run;
  const limitUs = costs.stringify + costs.leafHash + costs.nodeHash + costs.sign / GROUP;
  return {
    title: "What an entry costs",
    note:
      `Tight loops on one core. The arithmetic limit with ${GROUP} in flight is stringify, leaf, ` +
      `node and a seal's share: ${limitUs.toFixed(2)} µs, or ${formatNumber(1e6 / limitUs)} ` +
      "entries/s. The other rows are what stands between.",
    columns: ["step", "µs", `µs/entry, ${GROUP} in flight`],
    rows: [
      ["make the event (the benchmark's own work)", costs.makeEvent, costs.makeEvent],
      ["JSON.stringify of the event", costs.stringify, costs.stringify],
      ["leaf hash: SHA-256 of the leaf", costs.leafHash, costs.leafHash],
      ["node hash: SHA-256 of 65 bytes", costs.nodeHash, costs.nodeHash],
      ["Ed25519 signature of a seal", costs.sign, costs.sign / GROUP],
      ["Ed25519 check of a seal", costs.checkSignature, costs.checkSignature / GROUP],
      ["copy the line into the write buffer", costs.encode, costs.encode],
      ["a promise, resolved and awaited", costs.awaitPromise, costs.awaitPromise],
      ["floor: make, stringify, copy, write, fdatasync", NaN, usPerEntry(run, "floor")],
      ["stele: everything", NaN, usPerEntry(run, "stele")],
    ],
  };
}

function usPerEntry(run: Run, contender: ContenderName): number {
  return 1e6 / (appendFigures(run, contender, GROUP)?.entriesPerSecond ?? NaN);
}

function verifyTable(rows: readonly VerifyRow[]): Table {
  const baseline = rows.find((row) => row.method === "sha256sum")?.mbps ?? NaN;
  return {
    title: "Verification",
    columns: ["ledger", "method", "threads", "MB/s", "× one sha256sum"],
    rows: rows.map((row) => [row.ledger, row.method, row.threads, row.mbps, row.mbps / baseline]),
  };
}

function openTable(rows: readonly OpenRow[]): Table {
  return {
    title: "Opening",
    columns: ["entries", "ledger MB", "last segment MB", "ms"],
    rows: rows.map((row) => [row.entries, row.ledgerMB, row.lastSegmentMB, row.openMs]),
  };
}

function proofTable(rows: readonly ProofRow[]): Table {
  return {
    title: "Proofs of one entry",
    note:
      "The journal is open and in the page cache. The floor is what both cannot do without: the " +
      "leaf's hash, a node hash a level, one signature checked.",
    columns: ["entries", "what", "p50 µs", "p99 µs", "floor µs", "p50 × floor"],
    rows: rows.map((row) => [
      row.entries,
      row.what,
      row.p50Us,
      row.p99Us,
      row.floorUs,
      row.p50Us / row.floorUs,
    ]),
  };
}

function publishTable(rows: readonly PublishRow[]): Table {
  return {
    title: "Publishing",
    note: "Into an empty directory, every file synced. The floor hashes each line of the ledger.",
    columns: ["entries", "ledger MB", "entries/s", "floor entries/s", "÷ floor", "again ms"],
    rows: rows.map((row) => [
      row.entries,
      row.ledgerMB,
      row.entriesPerSecond,
      row.floorEntriesPerSecond,
      row.entriesPerSecond / row.floorEntriesPerSecond,
      row.againMs,
    ]),
  };
}

function indexTable(rows: readonly IndexRow[]): Table {
  return {
    title: "Questions",
    note:
      "The same questions to the index (each hit read from the ledger and checked), to rows in " +
      "plain SQLite with an index for each question, and to jq, which reads every line. Making: " +
      "from the whole ledger; appending: 256 in flight, with the index following ÷ without.",
    columns: ["entries", "by", "what", "value", "p50 ms", "p99 ms"],
    rows: rows.map(({ entries, by, what, value, p50Ms, p99Ms }) => {
      return [entries, by, what, value, p50Ms, p99Ms];
    }),
  };
}

function guardTable(rows: readonly GuardResult[]): Table {
  return {
    title: "Guards",
    note:
      "A session of 20,000 calls in memory, under every kind of limit. Checks are timed one by " +
      "one; calls are decided, counted and acknowledged, a hundred in flight.",
    columns: ["checks/s", "p50 µs", "p99 µs", "p99.9 µs", "calls/s"],
    rows: rows.map((row) => [
      row.checksPerSecond,
      row.p50Us,
      row.p99Us,
      row.p999Us,
      row.callsPerSecond,
    ]),
  };
}

function importTable(rows: readonly ImportRow[]): Table {
  const floor = rows.find((row) => row.method === "floor")?.recordsPerSecond ?? NaN;
  return {
    title: "Checking a calybris log",
    note:
      "On one thread, from the page cache. By hand: ten lines that parse and print each record " +
      "again, as the original does. The floor only hashes each record's bytes.",
    columns: ["records", "by", "records/s", "MB/s", "÷ floor"],
    rows: rows.map(({ records, method, recordsPerSecond, mbps }) => {
      return [records, method, recordsPerSecond, mbps, recordsPerSecond / floor];
    }),
  };
}

function aimTable(aims: readonly Aim[]): Table {
  return {
    title: "Aims",
    note:
      "Set for a core that does 385 MB/s of SHA-256. The last column is the floor's own figure: " +
      "where it misses the aim too, hashing is not the reason.",
    columns: ["aim", "target", "measured", "met", "the floor has"],
    rows: aims.map((aim) => [
      aim.name,
      `${aim.atLeast ? "≥" : "≤"} ${formatNumber(aim.target)}`,
      aim.measured,
      aim.met ? "yes" : "no",
      aim.floor,
    ]),
  };
}
