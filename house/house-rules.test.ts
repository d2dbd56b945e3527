import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cycles, mostRuntimeDependencies, rules, rulesInScope, uncited } from './rules';
import { readSources } from './source';

const root = join(__dirname, '..');
const sources = readSources(root);
const readJson = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T;

describe('the repository', () => {
  it.each(Object.entries(rules))('keeps the house rule on %s in every file', (_name, rule) => {
    const faults = sources.flatMap((source) => rule(source).map((fault) => `${source.path} ${fault}`));
    expect(faults).toEqual([]);
  });

  it('has no cycle of imports, type imports included', () => {
    expect(cycles(sources).map((cycle) => cycle.join(' → '))).toEqual([]);
  });

  it('has a test that cites each rule that is built', () => {
    expect(uncited(rulesInScope, sources)).toEqual([]);
  });

  it('allows or refuses every install script by name', () => {
    const { packages } = readJson<{ packages: Record<string, { hasInstallScript?: boolean }> }>('package-lock.json');
    const scripted = Object.keys(packages).filter((path) => packages[path]?.hasInstallScript);
    const { allowScripts } = readJson<{ allowScripts: Record<string, boolean> }>('package.json');
    const names = scripted.map((path) => path.replace(/^.*node_modules\//, ''));
    expect(names.filter((name) => !(name in allowScripts))).toEqual([]);
  });

  it('has at most 15 runtime dependencies', () => {
    const manifest = readJson<{ dependencies: Record<string, string> }>('package.json');
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(mostRuntimeDependencies);
  });
});
