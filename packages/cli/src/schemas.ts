import { SteleError } from "@stele/core/error";
import { recordTypes, type RecordRegistry } from "@stele/records";
import { texts, type Call } from "./arguments.ts";
import { readInput } from "./input-file.ts";

/**
 * The record types that Stele knows and those of --schema TYPE=FILE. Throws OPTION_INVALID, and
 * what reading the files throws.
 */
export async function withSchemas(call: Call): Promise<RecordRegistry> {
  const registry = recordTypes();
  for (const given of texts(call, "schema")) {
    const [, type, path] = /^([^=]+)=(.+)$/s.exec(given) ?? [];
    if (type === undefined || path === undefined) {
      throw new SteleError("OPTION_INVALID", `--schema takes TYPE=FILE, not ${given}`);
    }
    registry.register({ type, schema: await readSchema(path) });
  }
  return registry;
}

async function readSchema(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = Buffer.from(await readInput(path)).toString("utf8");
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>;
    }
  } catch (cause) {
    const message = `${path} is not JSON: ${(cause as Error).message}`;
    throw new SteleError("OPTION_INVALID", message, { path, cause });
  }
  throw new SteleError("OPTION_INVALID", `${path} is not a JSON Schema`, { path });
}
