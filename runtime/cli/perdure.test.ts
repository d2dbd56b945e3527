import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isNewEnough, oldestNode } from '../node-floor';

const root = join(__dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  engines: { node: string };
  exports: Record<string, string | { default: string }>;
};
const command = join(root, 'dist/runtime/cli/perdure.js');

function run(script: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', timeout: 20_000 });
}

/** Starts `script` in a Node that says it is 20.20.2, by a module preloaded from the command line. */
function runUnderOldNode(script: string): { status: number | null; stdout: string; stderr: string } {
  const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.20.2'})`;
  const flags = ['--import', pretend];
  return spawnSync(process.execPath, [...flags, script], { encoding: 'utf8', timeout: 20_000 });
}

describe('the perdure command', () => {
  it('prints the version of its package', () => {
    expect(run(command, '--version')).toMatchObject({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it('prints its usage when asked for help', () => {
    expect(run(command, '--help')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('Usage:') });
  });

  it.each([[['dance']], [['--version', 'dance']], [[]]])(
    'calls %j bad usage, in one line, with exit code 2',
    (args) => {
      const { status, stdout, stderr } = run(command, ...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(/^perdure: [^\n]+ see perdure --help\n$/);
    },
  );
});

describe('the Node floor', () => {
  const entries = Object.values(manifest.exports)
    .map((target) => (typeof target === 'string' ? target : target.default))
    .filter((target) => target.startsWith('./dist/runtime/'));
  const samples = readdirSync(join(root, 'samples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `./dist/samples/${entry.name}/main.js`);
  const programs = ['./dist/runtime/cli/perdure.js', './dist/benchmarks/main.js', ...entries, ...samples];

  it.each(programs)('is the first thing %s does under an older Node: one line, exit code 2', (entry) => {
    expect(runUnderOldNode(join(root, entry))).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `perdure needs Node ${oldestNode} or newer; this is Node 20.20.2.\n`,
    });
  });

  it('is the floor that package.json declares', () => {
    expect(manifest.engines.node).toBe(`>=${oldestNode}`);
  });

  it.each(['22.13.0', '22.14.1', '23.0.0', '24.21.0', '100.0.0'])('lets Node %s in', (version) => {
    expect(isNewEnough(version)).toBe(true);
  });

  it.each(['22.12.9', '21.99.0', '20.20.2', '12.22.0', '9.0.0'])('turns Node %s away', (version) => {
    expect(isNewEnough(version)).toBe(false);
  });
});
