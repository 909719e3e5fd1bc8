import { visitorKeys, type Node, type Program } from "oxc-parser";

/** A node with the one that holds it. */
export interface Place {
  readonly node: Node;
  readonly parent: Node | undefined;
}

/** Every node of the tree with its parent, in source order. */
export function* placesIn(node: Node | Program, parent?: Node): Generator<Place> {
  yield { node, parent };
  const record = node as unknown as Readonly<Record<string, unknown>>;
  for (const key of visitorKeys[node.type] ?? []) {
    for (const child of [record[key]].flat()) {
      if (isNode(child)) yield* placesIn(child, node);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

/** What a module imports from, in `import`, `export … from`, `import()` and `import type`. */
export interface ImportedModule {
  readonly specifier: string;
  readonly offset: number;
}

/** Every module that the program names, in source order. */
export function* importsIn(program: Program): Generator<ImportedModule> {
  for (const { node } of placesIn(program)) {
    if (!("source" in node)) continue;
    const { source } = node;
    if (source === null || typeof source !== "object" || source.type !== "Literal") continue;
    if (typeof source.value === "string") {
      yield { specifier: source.value, offset: source.start };
    }
  }
}

/** Whether this identifier stands for a value or type in scope, not for a member's or key's name. */
export function isReference({ node, parent }: Place): boolean {
  if (parent === undefined) return true;
  if ("computed" in parent && !parent.computed) {
    if ("property" in parent) return parent.property !== node;
    if ("key" in parent) return parent.key !== node || isShorthand(parent);
  }
  return true;
}

function isShorthand(node: Node): boolean {
  return "shorthand" in node && node.shorthand;
}
