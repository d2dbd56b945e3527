/**
 * Owns: reading the repository's TypeScript files and the facts the house rules ask of one file: its imports, its
 * comments, its test titles. Does not own: the rules.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** One file: `path` from the repository's root, with forward slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

const notOurs = new Set(['node_modules', 'dist', 'coverage', '.git', '.data']);

/** Every TypeScript file below `root`, in order of path. */
export function readSources(root: string, folder = ''): Source[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !notOurs.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return readSources(root, path);
      return path.endsWith('.ts') ? [{ path, text: readFileSync(join(root, path), 'utf8') }] : [];
    });
}

/** True for files that are never part of the package: tests, suites, fixtures and programs that tests start. */
export function isTest(path: string): boolean {
  return /\.(test|contract|fixture|child)\.ts$/.test(path) || /^(house|smoke)\//.test(path);
}

export function parse(source: Source): ts.SourceFile {
  return ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true);
}

/** Calls `visit` on every node of the file, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** What the file imports or re-exports, type imports and `import()` included, as written. */
export function importsOf(source: Source): string[] {
  return ts.preProcessFile(source.text, true, true).importedFiles.map((file) => file.fileName);
}

/** The text of every comment. */
export function commentsOf(source: Source): string[] {
  const file = parse(source);
  const found = new Map<number, string>();
  const keep = (ranges: readonly ts.CommentRange[] | undefined): void => {
    for (const range of ranges ?? []) found.set(range.pos, source.text.slice(range.pos, range.end));
  };
  walk(file, (node) => {
    keep(ts.getLeadingCommentRanges(source.text, node.getFullStart()));
    keep(ts.getTrailingCommentRanges(source.text, node.getEnd()));
  });
  return [...found.values()];
}

/** The title of every `describe`, `it` and `test`, with those given through `.each`. */
export function titlesOf(source: Source): string[] {
  const titles: string[] = [];
  walk(parse(source), (node) => {
    if (!ts.isCallExpression(node) || !/^(describe|it|test)\b/.test(node.expression.getText())) return;
    const [title] = node.arguments;
    if (title !== undefined && ts.isStringLiteralLike(title)) titles.push(title.text);
  });
  return titles;
}
