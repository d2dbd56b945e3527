/**
 * Small disk: a folder on a mount of its own, which can be filled.
 *
 * Owns: mounting and unmounting it, filling it to the last byte. Does not own: what stands in it.
 *
 * The mount is a tmpfs. Where this process may not mount, the caller is told why, and is to say so.
 */

import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MOUNTS = '/proc/mounts';
const BYTES = Buffer.alloc(1_048_576);

export class SmallDisk {
  private constructor(readonly directory: string) {}

  /** A string says why there can be none. The directory is empty afterwards. */
  static mount(directory: string, megabytes: number): SmallDisk | string {
    mkdirSync(directory, { recursive: true });
    SmallDisk.unmount(directory);
    try {
      run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'perdure-faults', directory);
      return new SmallDisk(directory);
    } catch (error) {
      return `nothing can be mounted at ${directory}: ${reasonOf(error)}; run it as a user who may mount`;
    }
  }

  /** With all that stands in it; nothing where nothing is mounted. */
  static unmount(directory: string): void {
    while (isMounted(directory)) run('umount', directory);
  }

  /** Until not one byte more can be written. */
  fill(): void {
    const file = openSync(this.filler, 'a');
    try {
      for (let size = BYTES.length; size > 0;) {
        try {
          writeSync(file, BYTES, 0, size);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          size >>= 1;
        }
      }
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.filler, { force: true });
  }

  private get filler(): string {
    return join(this.directory, 'filler');
  }
}

/** Where the kernel does not tell, nothing of ours is mounted. */
function isMounted(directory: string): boolean {
  if (!existsSync(MOUNTS)) return false;
  return readFileSync(MOUNTS, 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[1] === directory);
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function reasonOf(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: Buffer; readonly message: string };
  return stderr?.toString().trim() || message;
}
