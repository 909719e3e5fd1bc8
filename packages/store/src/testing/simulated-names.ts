import { Refusal } from "./refusal.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { SimulatedFile } from "./simulated-file.ts";

type Node = SimulatedFile | "directory";

/** One change of names, which a crash leaves done or undone as a whole. */
interface NameChange {
  /** The sync of this directory makes it durable. */
  readonly directory: string;
  readonly set?: { readonly path: string; readonly node: Node };
  readonly unset?: { readonly path: string; readonly node: Node };
}

type NameTable = Map<string, Node>;

const ROOT = "";

/**
 * Which path names which file, as everybody sees it, and as the medium has it. The two differ by
 * the unsynced changes. A rename from one directory to another is made durable by the sync of the
 * one it goes to.
 */
export class SimulatedNames {
  #visible: NameTable = new Map([[ROOT, "directory"]]);
  #durable: NameTable = new Map(this.#visible);
  #unsynced: NameChange[] = [];

  list(directory: string): string[] {
    this.#requireDirectory(tidy(directory));
    return [...this.#visible.keys()]
      .filter((path) => path !== ROOT && parentOf(path) === tidy(directory))
      .map((path) => path.slice(path.lastIndexOf("/") + 1));
  }

  makeDirectory(directory: string): void {
    const path = tidy(directory);
    const node = this.#visible.get(path);
    if (node === "directory") return;
    if (node !== undefined) throw new Refusal("DISK_IO", "is a file");
    this.makeDirectory(parentOf(path));
    this.#change({ directory: parentOf(path), set: { path, node: "directory" } });
  }

  /** The file of that name; made if it is missing and `make` says so. */
  open(untidyPath: string, make: boolean): SimulatedFile {
    const path = tidy(untidyPath);
    const found = this.#visible.get(path);
    if (found instanceof SimulatedFile) return found;
    if (found !== undefined) throw new Refusal("DISK_IO", "is a directory");
    if (!make) throw missing();
    this.#requireDirectory(parentOf(path));
    const node = new SimulatedFile();
    this.#change({ directory: parentOf(path), set: { path, node } });
    return node;
  }

  rename(untidyFrom: string, untidyTo: string): void {
    const [from, to] = [tidy(untidyFrom), tidy(untidyTo)];
    const node = this.#fileAt(from);
    this.#requireDirectory(parentOf(to));
    if (from === to) return;
    this.#change({
      directory: parentOf(to),
      unset: { path: from, node },
      set: { path: to, node },
    });
  }

  remove(untidyPath: string): void {
    const path = tidy(untidyPath);
    const node = this.#fileAt(path);
    this.#change({ directory: parentOf(path), unset: { path, node } });
  }

  removeDirectory(directory: string): void {
    const path = tidy(directory);
    this.#requireDirectory(path);
    if (this.list(path).length > 0) throw new Refusal("DISK_IO", "is not empty");
    this.#change({ directory: parentOf(path), unset: { path, node: "directory" } });
  }

  syncDirectory(directory: string): void {
    this.#requireDirectory(tidy(directory));
    for (const change of this.#unsynced) {
      if (change.directory === tidy(directory)) apply(change, this.#durable);
    }
    this.#unsynced = this.#unsynced.filter((change) => change.directory !== tidy(directory));
  }

  copy(): SimulatedNames {
    const copyOf = eachOnce((file) => file.copy());
    const copy = new SimulatedNames();
    copy.#visible = mapNodes(this.#visible, copyOf);
    copy.#durable = mapNodes(this.#durable, copyOf);
    copy.#unsynced = this.#unsynced.map(({ directory, set, unset }) => ({
      directory,
      ...(set && { set: { path: set.path, node: copyOf(set.node) } }),
      ...(unset && { unset: { path: unset.path, node: copyOf(unset.node) } }),
    }));
    return copy;
  }

  /**
   * The names after a power cut, each unsynced change done or undone, and their files after the
   * same cut.
   */
  afterCrash(random: SeededRandom): SimulatedNames {
    const left: NameTable = new Map(this.#durable);
    for (const change of this.#unsynced) if (random.below(2) === 0) apply(change, left);
    for (const path of left.keys()) if (!isReachable(path, left)) left.delete(path);
    const names = new SimulatedNames();
    names.#visible = mapNodes(
      left,
      eachOnce((file) => file.afterCrash(random)),
    );
    names.#durable = new Map(names.#visible);
    return names;
  }

  #change(change: NameChange): void {
    apply(change, this.#visible);
    this.#unsynced.push(change);
  }

  #fileAt(path: string): SimulatedFile {
    const node = this.#visible.get(path);
    if (node instanceof SimulatedFile) return node;
    throw node === undefined ? missing() : new Refusal("DISK_IO", "is a directory");
  }

  #requireDirectory(path: string): void {
    if (this.#visible.get(path) !== "directory") throw missing();
  }
}

/** A later change may have given the old name to another file; that one stays. */
function apply({ set, unset }: NameChange, names: NameTable): void {
  if (unset !== undefined && names.get(unset.path) === unset.node) names.delete(unset.path);
  if (set !== undefined) names.set(set.path, set.node);
}

function mapNodes(names: NameTable, map: (node: Node) => Node): NameTable {
  return new Map([...names].map(([path, node]) => [path, map(node)]));
}

/** A file that has two names stays one file. */
function eachOnce(map: (file: SimulatedFile) => SimulatedFile): (node: Node) => Node {
  const known = new Map<Node, Node>([["directory", "directory"]]);
  return (node) => {
    const result = known.get(node) ?? map(node as SimulatedFile);
    known.set(node, result);
    return result;
  };
}

function isReachable(path: string, names: NameTable): boolean {
  if (path === ROOT) return true;
  const parent = parentOf(path);
  return names.get(parent) === "directory" && isReachable(parent, names);
}

function missing(): Refusal {
  return new Refusal("DISK_NOT_FOUND", "no such file or directory");
}

/** "/a//b/", "a/b/." and "/a/b" are the same path, and "." is the root. */
function tidy(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
