import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cycles, mostRuntimeDependencies, rules } from './rules';
import { readSources } from './source';

const root = join(__dirname, '..');
const sources = readSources(root);

describe('the repository', () => {
  it.each(Object.entries(rules))('keeps the house rule on %s in every file', (_name, rule) => {
    const faults = sources.flatMap((source) => rule(source).map((fault) => `${source.path} ${fault}`));
    expect(faults).toEqual([]);
  });

  it('has no cycle of imports, type imports included', () => {
    expect(cycles(sources).map((cycle) => cycle.join(' → '))).toEqual([]);
  });

  it('has at most 15 runtime dependencies', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(mostRuntimeDependencies);
  });
});
