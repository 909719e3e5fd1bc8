export { areSameChanges, readAgentsFile, writeAgentsFile, type AgentsFile } from "./agents-file.ts";
export { prepareContents, type Prepared } from "./content-input.ts";
