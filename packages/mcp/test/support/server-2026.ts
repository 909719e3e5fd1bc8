import { fromJsonSchema, inputRequired, McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";

// A server of the 2026-07-28 era, made with the official SDK.

const text = (value: string): { content: { type: "text"; text: string }[] } => ({
  content: [{ type: "text", text: value }],
});

const schema = (properties: Record<string, { type: "string" | "number" }>) =>
  fromJsonSchema<Record<string, string>>({ type: "object", properties });

serveStdio(() => {
  const server = new McpServer({ name: "fixture-2026", version: "1.2.3" });
  const config = { inputSchema: schema({ text: { type: "string" } }) };

  server.registerTool("echo", config, ({ text: said }) => text(said ?? ""));
  server.registerTool("fail", config, () => {
    throw new Error("it did not work");
  });
  server.registerTool("hang", config, async () => new Promise<never>(() => undefined));
  server.registerTool("deploy", config, ({ text: target }, { mcpReq }) => {
    const answer = mcpReq.inputResponses?.["sure"];
    if (answer !== undefined) return text(`${target}: ${JSON.stringify(answer)}`);
    const message = `Deploy to ${target}?`;
    const requestedSchema = { type: "object", properties: { yes: { type: "boolean" } } } as const;
    return inputRequired({
      inputRequests: { sure: inputRequired.elicit({ message, requestedSchema }) },
      requestState: `deploying to ${target}`,
    });
  });
  return server;
});
