export { witnessClient, type WitnessClientOptions } from "./client.ts";
export { serveWitness, type RunningWitness, type ServeOptions } from "./serve.ts";
export { addLog, createWitness, witnessPublicKey } from "./state.ts";
