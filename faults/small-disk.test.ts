import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SmallDisk } from './small-disk';

describe('a small disk', () => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-disk-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('is full to the last byte until it is freed; or says why nothing can be mounted', () => {
    const disk = SmallDisk.mount(directory, 2);
    if (typeof disk === 'string') {
      expect(disk).toMatch(/^nothing can be mounted at .*: .*; run it as a user who may mount$/s);
      return;
    }
    try {
      const write = () => writeFileSync(join(directory, 'record'), 'x'.repeat(10_000));
      write();
      rmSync(join(directory, 'record'));
      disk.fill();
      expect(write).toThrow('ENOSPC');
      disk.free();
      write();
      expect(readdirSync(directory)).toEqual(['record']);
    } finally {
      SmallDisk.unmount(directory);
    }
    expect(readdirSync(directory)).toEqual([]);
  });
});
