/**
 * Owns: the house rules over one file, and those over all files. Each answers with the faults it found, in words.
 * Does not own: what ESLint finds (function length, zones inside runtime/, floating promises).
 *
 * The rule numbers that comments and test titles cite are those of the semantics (S) and of the storage contract (C).
 */
import { posix } from 'node:path';
import ts from 'typescript';
import type { Source } from './source';
import { commentsOf, importsOf, isTest, parse, titlesOf, walk } from './source';

export const longestFileLines = 400;
export const longestHeaderLines = 20;
export const mostRuntimeDependencies = 15;

/** A rule over one file: the faults it finds there. */
export type Rule = (source: Source) => string[];

const numbered = (letter: string, last: number): string[] => Array.from({ length: last }, (_, i) => letter + (i + 1));
const knownRules = new Set([...numbered('S', 32), 'S26a', ...numbered('C', 17), 'C8a', 'C12a']);

/** The rules that the code so far has to keep: not yet S14, S29 to S32, nor those of a cluster's store. */
export const rulesInScope = [
  ...numbered('S', 28).filter((rule) => rule !== 'S14'),
  'S26a',
  'C5',
  'C13',
  'C14',
  'C15',
  'C16',
  'C17',
];

/** Files have at most 400 lines. */
export const length: Rule = ({ text }) => {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return lines > longestFileLines ? [`has ${lines} lines; ${longestFileLines} is the most: split it along a seam`] : [];
};

/** No file or folder is called by a name that says nothing about what is in it. */
export const naming: Rule = ({ path }) => {
  const words = path
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[-._/]/);
  const vague = words.filter((word) => /^(utils?|helpers?|managers?|impl|misc)$/.test(word));
  return vague.map((word) => `is called '${word}', which does not say what is in it`);
};

/** A source file opens with a comment of at most 20 lines that says what it owns. */
export const header: Rule = ({ path, text }) => {
  if (/\.(test|config)\.ts$/.test(path)) return [];
  const body = text.replace(/^#!.*\n/, '');
  const comment = /^\/\*\*[\s\S]*?\*\//.exec(body)?.[0];
  if (comment === undefined) return ['has no header comment'];
  const lines = comment.split('\n').length;
  return lines > longestHeaderLines ? [`has a header of ${lines} lines; ${longestHeaderLines} is the most`] : [];
};

/** Rule numbers cited in comments and test titles exist. */
export const citations: Rule = (source) => {
  const cited = [...commentsOf(source), ...titlesOf(source)].flatMap(
    (text) => text.match(/\b[SC]\d{1,3}[a-z]?\b/g) ?? [],
  );
  return [...new Set(cited)]
    .filter((rule) => !knownRules.has(rule))
    .map((rule) => `cites ${rule}, which does not exist`);
};

/** The rules, of those `wanted`, that no test title of `sources` cites. */
export function uncited(wanted: readonly string[], sources: readonly Source[]): string[] {
  const titles = sources.filter(({ path }) => isTest(path)).flatMap(titlesOf);
  const cited = new Set(titles.flatMap((title) => title.match(/\b[SC]\d+[a-z]?\b/g) ?? []));
  return wanted.filter((rule) => !cited.has(rule));
}

const layers = ['framework', 'runtime', 'entities', 'samples', 'benchmarks'];
const maySee: Record<string, readonly string[]> = {
  framework: ['framework'],
  runtime: ['runtime', 'framework'],
  entities: ['entities'],
  samples: ['samples'],
  benchmarks: ['benchmarks', 'samples', 'runtime', 'framework'],
};
const frameworkPackages = /^(node:(async_hooks|crypto|zlib)|class-validator|reflect-metadata)$/;

/** framework ← runtime ← samples and benchmarks; framework imports nothing that does I/O. */
export const direction: Rule = (source) => {
  const layer = source.path.split('/')[0] ?? '';
  const seen = maySee[layer];
  if (seen === undefined || isTest(source.path)) return [];
  return importsOf(source).flatMap((name) => {
    if (!name.startsWith('.')) {
      return layer === 'framework' && !frameworkPackages.test(name)
        ? [`imports '${name}', but framework/ is pure`]
        : [];
    }
    const target = posix.join(posix.dirname(source.path), name).split('/')[0] ?? '';
    return layers.includes(target) && !seen.includes(target)
      ? [`imports '${name}': ${layer}/ may not see ${target}/`]
      : [];
  });
};

const ambientCalls = /^(setTimeout|setInterval|setImmediate|randomUUID|randomBytes|randomInt|getRandomValues)$/;
const ambientMembers =
  /^(globalThis\.)?(Date\.now|Math\.random|performance\.now|process\.hrtime|crypto\.(randomUUID|randomBytes|getRandomValues))$/;

/** Only runtime/system reads a clock, sets a timer or draws randomness. */
export const ambient: Rule = (source) => {
  if (isTest(source.path) || !/^(framework|runtime)\//.test(source.path)) return [];
  if (source.path.startsWith('runtime/system/')) return [];
  const faults: string[] = [];
  walk(parse(source), (node) => {
    const fault = ambientUse(node);
    if (fault !== undefined) faults.push(`uses ${fault}, which only runtime/system may`);
  });
  return faults;
};

function ambientUse(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ambientMembers.test(node.getText())) return node.getText();
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) return 'new Date()';
  if (ts.isImportSpecifier(node)) {
    const name = (node.propertyName ?? node.name).text;
    return ambientCalls.test(name) ? name : undefined;
  }
  const called = ts.isCallExpression(node) ? node.expression : undefined;
  return called !== undefined && ts.isIdentifier(called) && ambientCalls.test(called.text) ? called.text : undefined;
}

/** No check is switched off and nothing is left for later. */
export const candour: Rule = (source) => {
  const marks = /\b(TODO|FIXME|XXX)\b|@ts-(ignore|nocheck)|eslint-disable|istanbul ignore|v8 ignore/;
  const faults = commentsOf(source).flatMap((text) => marks.exec(text)?.[0] ?? []);
  walk(parse(source), (node) => {
    if (!ts.isCallExpression(node)) return;
    const called = node.expression.getText();
    const off = /^(describe|it|test)(\.\w+)*\.(skip|only|todo|failing)\b|^(xit|xdescribe|xtest|fit|fdescribe)\b/;
    if (off.test(called) || called === 'jest.retryTimes') faults.push(called);
  });
  return faults.map((fault) => `says '${fault}'`);
};

/** Each cycle of imports, type imports included, as the paths along it. */
export function cycles(sources: readonly Source[]): string[][] {
  const known = new Set(sources.map(({ path }) => path));
  const edges = new Map(
    sources.map((source) => [source.path, importsOf(source).flatMap((name) => resolve(source, name))]),
  );
  const found: string[][] = [];
  const done = new Set<string>();
  const follow = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) follow(next, [...trail, path]);
    done.add(path);
  };
  for (const path of known) follow(path, []);
  return found;

  function resolve(from: Source, name: string): string[] {
    if (!name.startsWith('.')) return [];
    const base = posix.join(posix.dirname(from.path), name);
    return [base, `${base}.ts`, `${base}/index.ts`].filter((path) => known.has(path));
  }
}

export const rules: Readonly<Record<string, Rule>> = { length, naming, header, citations, direction, ambient, candour };
