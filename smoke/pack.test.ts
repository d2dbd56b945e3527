import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..');
const installedHere = (name: string): string => {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
  return (manifest as { version: string }).version;
};

/** What npm sets for the script that runs us would lead the npm that we start astray. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle|command|execpath)|INIT_CWD|JEST_|NODE_ENV)/.test(name),
  ),
);

let temp: string;
let tarball: string;
let packed: string[];

function run(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe', env: { ...environment, ...env } });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** Lays out a project of the files in `projects/<name>` and the shared entity, and installs the tarball into it. */
function project(name: string, manifest: object, tools: readonly string[]): string {
  const folder = join(temp, name);
  mkdirSync(folder);
  for (const files of ['shared', name]) cpSync(join(__dirname, 'projects', files), folder, { recursive: true });
  const own = ['class-validator', 'reflect-metadata', ...tools];
  const versions = Object.fromEntries(own.map((tool) => [tool, installedHere(tool)]));
  const dependencies = { ...versions, perdure: `file:${tarball}` };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true, ...manifest, dependencies }));
  run(folder, 'npm', [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    '--ignore-scripts',
  ]);
  return folder;
}

function compile(folder: string): void {
  const settings = {
    extends: 'perdure/tsconfig.json',
    compilerOptions: { module: 'nodenext', outDir: 'dist', types: ['node'] },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...settings, include: ['*.ts'] }));
  run(folder, process.execPath, ['node_modules/typescript/bin/tsc']);
}

const survived = { refusal: 'rejected', balance: { cents: 250, shaken: 1 } };

beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), 'perdure-smoke-'));
  // The build comes before the tests; packing without scripts leaves dist to those that run beside this one.
  const report = run(root, 'npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', temp]);
  const [pack] = JSON.parse(report) as [{ filename: string; files: { path: string }[] }];
  tarball = join(temp, pack.filename);
  packed = pack.files.map((file) => file.path);
}, 60_000);

afterAll(() => rmSync(temp, { recursive: true, force: true }));

describe('the packed package', () => {
  it('holds the compiled framework and runtime, the licence and nothing of the tests, samples or sources', () => {
    expect(packed).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'tsconfig.entity.json']));
    const allowed = /^(dist\/(framework|runtime)\/.*\.(js|js\.map|d\.ts)|[^/]+\.(md|json)|LICENSE)$/;
    expect(packed.filter((path) => !allowed.test(path) || /\.(test|contract|fixture|child)\./.test(path))).toEqual([]);
  });

  it('runs an entity in a project of ES modules, and finds it again after a restart', () => {
    const folder = project('esm', { type: 'module' }, ['typescript', '@types/node']);
    compile(folder);
    const output = run(folder, process.execPath, ['dist/main.js', join(folder, 'data')]);
    expect(JSON.parse(output)).toEqual(survived);
  }, 90_000);

  it('runs an entity in a CommonJS project, and finds it again after a restart', () => {
    const folder = project('commonjs', {}, ['typescript', '@types/node']);
    compile(folder);
    const output = run(folder, process.execPath, ['main.js', join(folder, 'data')]);
    expect(JSON.parse(output)).toEqual(survived);
  }, 90_000);

  it('runs an entity under Jest with swc, in the harness and on a host', () => {
    const transform = { '\\.ts$': '@swc/jest' };
    const folder = project('jest', { jest: { transform } }, ['jest', '@swc/jest', '@swc/core']);
    const parser = { syntax: 'typescript', decorators: true };
    const swc = { jsc: { target: 'es2023', parser, transform: { legacyDecorator: true, decoratorMetadata: true } } };
    writeFileSync(join(folder, '.swcrc'), JSON.stringify(swc));
    run(folder, process.execPath, ['node_modules/jest/bin/jest.js', '--ci'], { DATA: join(folder, 'data') });
  }, 90_000);

  it('answers its version as a command', () => {
    const folder = join(temp, 'commonjs');
    expect(run(folder, join(folder, 'node_modules/.bin/perdure'), ['--version'])).toBe(`${installedVersion()}\n`);
  });
});

function installedVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}
