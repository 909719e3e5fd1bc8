import type { Node } from "oxc-parser";
import { placesIn, type Place } from "./syntax.ts";
import { lineOf, type Finding, type RepositoryFile } from "./repository.ts";

const FUNCTION_LINES_MAX = 70;
const FILE_LINES_MAX = 600;
const LINE_COLUMNS_MAX = 100;
const PARAMETERS_MAX = 4;
const FILE_BYTES_MAX = 512 * 1024;

/** Lines that the formatter leaves wide: titles of tests, comments of one line, and addresses. */
const LEFT_WIDE = /^\s*(?:(?:describe|suite|test)\(|\/\*\* .* \*\/$)|https:\/\//;

/** Nothing is longer than a reader can hold; a suite's body is a list of tests, not one thing. */
export function* sizes(files: readonly RepositoryFile[]): Generator<Finding> {
  for (const file of files) {
    const { path } = file;
    if (file.sizeBytes > FILE_BYTES_MAX) {
      yield { path, line: 1, message: `keep files under ${FILE_BYTES_MAX} bytes, or generate it` };
    }
    if (file.program === undefined) continue;
    if (file.lines.length - 1 > FILE_LINES_MAX) {
      yield { path, line: 1, message: `split the file: more than ${FILE_LINES_MAX} lines` };
    }
    yield* wideLines(file);
    for (const place of placesIn(file.program)) yield* functionSizes(file, place);
  }
}

function* wideLines({ path, lines }: RepositoryFile): Generator<Finding> {
  for (const [index, line] of lines.entries()) {
    if (line.length <= LINE_COLUMNS_MAX || LEFT_WIDE.test(line)) continue;
    yield { path, line: index + 1, message: `break the line at ${LINE_COLUMNS_MAX} columns` };
  }
}

function* functionSizes(file: RepositoryFile, { node, parent }: Place): Generator<Finding> {
  if (!("params" in node) || !Array.isArray(node.params)) return;
  const line = lineOf(file, node.start);
  if (node.params.length > PARAMETERS_MAX) {
    const message = `take an object: more than ${PARAMETERS_MAX} parameters`;
    yield { path: file.path, line, message };
  }
  const lines = lineOf(file, node.end) - line + 1;
  if (lines > FUNCTION_LINES_MAX && isFunction(node) && !isSuite(parent)) {
    const message = `split the function: ${lines} lines, more than ${FUNCTION_LINES_MAX}`;
    yield { path: file.path, line, message };
  }
}

function isFunction(node: Node): boolean {
  return /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

function isSuite(parent: Node | undefined): boolean {
  if (parent?.type !== "CallExpression" || parent.callee.type !== "Identifier") return false;
  return parent.callee.name === "describe" || parent.callee.name === "suite";
}
