/**
 * Install: gets the servers themselves into the cache, once, and checks what came.
 *
 * Owns: which versions; the sums of every jar and of the Go module; saying exactly which tool is missing.
 * Does not own: configuration (`nats`, `cassandra`).
 *
 * What is half done is never taken for done: a server is made in a folder of its own and then renamed.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';

export const NATS_VERSION = 'v2.15.2';
const NATS_MODULE = 'github.com/nats-io/nats-server/v2';
const NATS_SUM = 'h1:yLsgt2kslgymvxvjFq1WGWck5hkat2YYfbXvQ145tzU=';
export const CASSANDRA_VERSION = '5.0.9';
const COPY_GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
/** Beside the sources, whether this is compiled, and lies in dist/services, or not. */
const SOURCES = [__dirname, join(__dirname, '..', '..', 'services')].find((folder) =>
  existsSync(join(folder, 'cassandra', 'pom.xml')),
) as string;

interface Tool {
  readonly command: string;
  readonly args: readonly string[];
  readonly wanted: RegExp;
  readonly says: string;
}

const GO: Tool = { command: 'go', args: ['version'], wanted: /go1\.(2[4-9]|[3-9]\d)/, says: 'Go 1.24 or newer (go)' };
const MAVEN: Tool = {
  command: 'mvn',
  args: ['--version'],
  wanted: /Apache Maven 3|Apache Maven 4/,
  says: 'Maven 3 or newer (mvn)',
};
const JAVA: Tool = {
  command: javaCommand(),
  args: ['-version'],
  wanted: /version "17\./,
  says: 'Java 17 (java, or JAVA_HOME)',
};

export function javaCommand(): string {
  const { JAVA_HOME } = process.env;
  const own = JAVA_HOME === undefined ? '' : join(JAVA_HOME, 'bin', 'java');
  return own !== '' && existsSync(own) ? own : 'java';
}

/** Path of the program. */
export function installNats(cache: string, tell: (line: string) => void): string {
  const home = join(cache, `nats-server-${NATS_VERSION}`);
  const program = join(home, 'nats-server');
  if (existsSync(program)) return program;
  need([GO], 'NATS');
  tell(`building NATS ${NATS_VERSION} (about a minute)`);
  into(home, (folder) => {
    const module = `${NATS_MODULE}@${NATS_VERSION}`;
    const { Sum } = JSON.parse(run('go', ['mod', 'download', '-json', module], folder)) as { Sum?: string };
    if (Sum !== NATS_SUM)
      throw new Error(`${module} has the sum ${Sum ?? 'none'}, not ${NATS_SUM}: it is not what was tested`);
    run('go', ['install', module], folder, { GOBIN: folder });
  });
  return program;
}

/** Folder of the jars. */
export function installCassandra(cache: string, tell: (line: string) => void): string {
  need([JAVA], 'Cassandra');
  const home = join(cache, `cassandra-${CASSANDRA_VERSION}`);
  if (existsSync(home)) return home;
  need([MAVEN], 'Cassandra');
  tell(`fetching Cassandra ${CASSANDRA_VERSION} (66 MB)`);
  into(home, (folder) => {
    const work = mkdtempSync(join(cache, 'maven-'));
    copyFileSync(join(SOURCES, 'cassandra', 'pom.xml'), join(work, 'pom.xml'));
    run('mvn', ['-q', '-B', COPY_GOAL, '-DincludeScope=runtime', `-DoutputDirectory=${folder}`], work);
    rmSync(work, { recursive: true });
    checkJars(folder);
  });
  return home;
}

function checkJars(folder: string): void {
  const lines = readFileSync(join(SOURCES, 'cassandra', 'jars.sha256'), 'utf8')
    .trimEnd()
    .split('\n');
  const sums = new Map(lines.map((line) => line.split(/\s+/).reverse() as [string, string]));
  for (const name of readdirSync(folder)) {
    const sum = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    if (sums.get(name) !== sum)
      throw new Error(`${name} has the sum ${sum}, not ${sums.get(name) ?? 'one that is known'}`);
    sums.delete(name);
  }
  const [missing] = sums.keys();
  if (missing !== undefined) throw new Error(`${missing} did not come with the others: try again`);
}

function into(home: string, fill: (folder: string) => void): void {
  const folder = `${home}.part-${process.pid}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    fill(folder);
    if (!existsSync(home)) renameSync(folder, home);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function need(tools: readonly Tool[], server: string): void {
  const missing = tools.filter((tool) => !tool.wanted.test(versionOf(tool)));
  if (missing.length === 0) return;
  const names = missing.map(({ says }) => says).join(' and ');
  throw new Error(`${server} needs ${names}: install it, or use Docker with services/compose.yaml`);
}

function versionOf({ command, args }: Tool): string {
  try {
    return execFileSync('sh', ['-c', '"$0" "$@" 2>&1', command, ...args], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

function run(command: string, args: readonly string[], cwd: string, env: Record<string, string> = {}): string {
  try {
    return execFileSync(command, [...args], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    throw new Error(`${command} ${args[0] ?? ''} has failed: ${`${stdout}${stderr}`.trim() || message}`, {
      cause: error,
    });
  }
}
