export { areSameChanges, readAgentsFile, writeAgentsFile, type AgentsFile } from "./agents-file.ts";
export {
  agentsBefore,
  contradicts,
  holdAgentsAgainstTiles,
  readKeptAgents,
  statedBy,
  type KeptAgents,
} from "./kept-agents.ts";
export { prepareContents, type Prepared } from "./content-input.ts";
