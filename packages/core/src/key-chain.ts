export { followKeys, type TrustedKey } from "./evidence/key-chain.ts";
