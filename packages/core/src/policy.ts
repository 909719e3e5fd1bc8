import { equalBytes } from "./bytes.ts";
import { parseSize } from "./checkpoint.ts";
import { SteleError } from "./error.ts";
import type { Hasher } from "./hash.ts";
import { parseVerifierKey, sameKey, type VerifierKey } from "./key.ts";

/** Whose checkpoints count, and which witnesses must have countersigned them (C2SP tlog-policy). */
export interface Policy {
  /** Any of these may have signed; none when the log is known from elsewhere. */
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  /** Each after its members. */
  readonly groups: readonly PolicyGroup[];
  /** The name of a witness or group; undefined when no cosignatures are asked for. */
  readonly quorum: string | undefined;
}

/** A log, by the Ed25519 key that it signs with. */
export interface PolicyLog {
  readonly key: VerifierKey;
  readonly url: string | undefined;
}

/** A witness, under a name that means something in its policy only. */
export interface PolicyWitness {
  readonly name: string;
  readonly key: VerifierKey;
  /** The submission prefix. */
  readonly url: string | undefined;
}

/** Witnesses and groups of which so many have to agree. */
export interface PolicyGroup {
  readonly name: string;
  readonly threshold: number;
  readonly members: readonly string[];
}

/** Longer policies are refused before they are looked at. */
export const MAX_POLICY_LENGTH = 1_000_000;

/** The quorum that asks for nothing; no witness or group has this name. */
const NONE = "none";

/**
 * Reads a policy strictly. Keys are Ed25519 for logs and Ed25519 cosignature keys for witnesses;
 * with a key of any other type the policy is refused. Throws POLICY_MALFORMED with the line.
 */
export function parsePolicy(hasher: Hasher, untrusted: string): Policy {
  if (untrusted.length > MAX_POLICY_LENGTH) {
    throw new SteleError("POLICY_MALFORMED", `longer than ${MAX_POLICY_LENGTH} characters`);
  }
  const reader = new PolicyReader(hasher);
  for (const [index, line] of untrusted.split("\n").entries()) {
    try {
      reader.read(line);
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
      throw new SteleError("POLICY_MALFORMED", `line ${index + 1}: ${error.message}`);
    }
  }
  return reader.finish();
}

/** Whether cosignatures by these keys, which have been verified, are what the policy asks for. */
export function isQuorum(policy: Policy, cosigners: readonly VerifierKey[]): boolean {
  const { witnesses, groups, quorum } = policy;
  const agreed = new Set<string>();
  for (const { name, key } of witnesses) {
    if (cosigners.some((cosigner) => sameKey(cosigner, key))) agreed.add(name);
  }
  for (const { name, threshold, members } of groups) {
    if (members.filter((member) => agreed.has(member)).length >= threshold) agreed.add(name);
  }
  return quorum === undefined || agreed.has(quorum);
}

/** Collects what the lines say, and refuses a line that does not fit those before it. */
class PolicyReader {
  readonly #hasher: Hasher;
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #groups: PolicyGroup[] = [];
  readonly #names = new Set<string>();
  readonly #members = new Set<string>();
  #quorum: string | undefined;

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  read(line: string): void {
    // oxlint-disable-next-line no-control-regex -- the policy format bans exactly these
    if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line)) throw malformed("a control character");
    const [keyword, ...fields] = line.split(/[ \t]+/).filter((field) => field !== "");
    if (keyword === undefined || keyword.startsWith("#")) return undefined;
    if (keyword === "log") return this.#log(fields);
    if (keyword === "witness") return this.#witness(fields);
    if (keyword === "group") return this.#group(fields);
    if (keyword === "quorum") return this.#setQuorum(fields);
    throw malformed("it begins with none of log, witness, group and quorum");
  }

  finish(): Policy {
    const quorum = this.#quorum;
    if (quorum === undefined) {
      throw new SteleError("POLICY_MALFORMED", "the policy has no quorum line");
    }
    return {
      logs: this.#logs,
      witnesses: this.#witnesses,
      groups: this.#groups,
      quorum: quorum === NONE ? undefined : quorum,
    };
  }

  #log([vkey, url, ...more]: readonly string[]): void {
    if (vkey === undefined || more.length > 0) throw malformed("want: log VKEY [URL]");
    const key = parseVerifierKey(this.#hasher, vkey, ["ed25519"]);
    refuseTwice(key, this.#logs);
    this.#logs.push({ key, url });
  }

  #witness([name, vkey, url, ...more]: readonly string[]): void {
    if (name === undefined || vkey === undefined || more.length > 0) {
      throw malformed("want: witness NAME VKEY [URL]");
    }
    const key = parseVerifierKey(this.#hasher, vkey, ["cosignature"]);
    refuseTwice(key, this.#witnesses);
    this.#define(name);
    this.#witnesses.push({ name, key, url });
  }

  #group([name, threshold, ...members]: readonly string[]): void {
    if (name === undefined || threshold === undefined || members.length === 0) {
      throw malformed("want: group NAME K|any|all MEMBER...");
    }
    for (const member of members) {
      if (!this.#names.has(member)) throw malformed(`nothing before it is called ${member}`);
      if (this.#members.has(member)) throw malformed(`${member} is a member already`);
      this.#members.add(member);
    }
    this.#define(name);
    this.#groups.push({ name, threshold: parseThreshold(threshold, members.length), members });
  }

  #setQuorum([name, ...more]: readonly string[]): void {
    if (name === undefined || more.length > 0) throw malformed("want: quorum NAME");
    if (this.#quorum !== undefined) throw malformed("a second quorum");
    if (name !== NONE && !this.#names.has(name)) {
      throw malformed(`nothing before it is called ${name}`);
    }
    this.#quorum = name;
  }

  #define(name: string): void {
    if (name === NONE || this.#names.has(name)) throw malformed(`the name ${name} is taken`);
    this.#names.add(name);
  }
}

function parseThreshold(untrusted: string, count: number): number {
  if (untrusted === "any") return 1;
  if (untrusted === "all") return count;
  const threshold = parseSize(untrusted);
  if (threshold !== undefined && threshold >= 1 && threshold <= count) return threshold;
  throw malformed(`want any, all or a number from 1 to ${count}, the count of the members`);
}

/** One key must not count twice, under whatever names. */
function refuseTwice(key: VerifierKey, known: readonly { readonly key: VerifierKey }[]): void {
  if (known.some((other) => equalBytes(other.key.publicKey, key.publicKey))) {
    throw malformed("the same public key a second time");
  }
}

function malformed(reason: string): SteleError {
  return new SteleError("POLICY_MALFORMED", reason);
}
