import type { Event } from "@stele/journal";

const AGENTS = ["planner", "researcher", "reviewer", "release-bot"];
const TOOLS = ["read_text_file", "list_directory", "search_files", "get_file_info"];

/**
 * Event number `index` of the workload, a realistic tool call of about 300 bytes as JSON: the same
 * for everybody in every run, its id unique.
 */
export function benchEvent(index: number): Event {
  return {
    type: "tool.call",
    id: eventId(index),
    agent: AGENTS[index % 4]!,
    session: `session-${padded(Math.floor(index / 500))}`,
    parent: eventId(Math.max(0, index - 1)),
    data: {
      server: "filesystem",
      tool: TOOLS[(index >> 2) % 4]!,
      arguments: { path: `/srv/project/src/module-${index % 997}.ts`, head: 20 + (index % 80) },
      requestId: index,
      outcome: "ok",
      durationMs: (index % 4001) / 8,
    },
  };
}

function eventId(index: number): string {
  return `event-${padded(index)}`;
}

function padded(index: number): string {
  return String(index).padStart(12, "0");
}
