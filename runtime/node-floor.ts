/**
 * Owns: the one check of the Node version. Every entry of the package that a process can be started with imports this
 * file before anything else, so that an older Node says one sentence instead of a missing `node:sqlite`.
 *
 * Invariants: imports nothing; uses only syntax and calls that Node 12 knows, because the refused Node has to parse
 * it; under a new enough Node it does nothing.
 */

/** The oldest Node that carries what the product needs (`node:sqlite` without a flag). Same as `engines.node`. */
export const oldestNode = '22.13';

/** True when `version` (`22.13.1`, without the `v`) is at least {@link oldestNode}. */
export function isNewEnough(version: string): boolean {
  const have = version.split('.').map(Number);
  const need = oldestNode.split('.').map(Number);
  const major = Number(have[0]) - Number(need[0]);
  return major > 0 || (major === 0 && Number(have[1]) >= Number(need[1]));
}

if (!isNewEnough(process.versions.node)) {
  process.stderr.write('perdure needs Node ' + oldestNode + ' or newer; this is Node ' + process.versions.node + '.\n');
  process.exit(2);
}
