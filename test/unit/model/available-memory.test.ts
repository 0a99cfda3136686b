import { describe, expect, it } from 'vitest';
import { availableMemory } from '../../../packages/model/src/engine/available-memory.js';

const MIB = 2 ** 20;
const MEMINFO = `MemTotal:       16384 kB\nMemAvailable:   ${8 * 1024} kB\nSwapFree: 0 kB\n`;

/** A system that has these files and no others. */
const system =
  (files: Readonly<Record<string, string>>) =>
  (path: string): string | null =>
    files[path] ?? null;

describe('available memory', () => {
  it('is what the system has where there is no cgroup with a limit', () => {
    expect(availableMemory(null, system({ '/proc/meminfo': MEMINFO }))).toBe(8 * MIB);
    const unlimited = {
      '/proc/meminfo': MEMINFO,
      '/proc/self/cgroup': '0::/user\n',
      '/sys/fs/cgroup/user/memory.max': 'max\n',
      '/sys/fs/cgroup/user/memory.current': '4096\n',
    };
    expect(availableMemory(null, system(unlimited))).toBe(8 * MIB);
  });

  it('is what the tightest cgroup leaves, whose file pages can be dropped', () => {
    const files = {
      '/proc/meminfo': MEMINFO,
      '/proc/self/cgroup': '0::/pods/one\n',
      '/sys/fs/cgroup/pods/one/memory.max': `${7 * MIB}\n`,
      '/sys/fs/cgroup/pods/one/memory.current': `${5 * MIB}\n`,
      '/sys/fs/cgroup/pods/one/memory.stat': `anon ${2 * MIB}\nactive_file ${MIB}\ninactive_file ${MIB}\n`,
      '/sys/fs/cgroup/pods/memory.max': `${64 * MIB}\n`,
      '/sys/fs/cgroup/pods/memory.current': `${61 * MIB}\n`,
    };
    expect(availableMemory(null, system(files))).toBe(3 * MIB);
    const outer = { ...files, '/sys/fs/cgroup/pods/memory.current': `${63 * MIB}\n` };
    expect(availableMemory(null, system(outer))).toBe(MIB);
  });

  it('reads cgroups of the first version, and of a container that sees its own as the root', () => {
    const files = {
      '/proc/meminfo': MEMINFO,
      '/proc/self/cgroup': '12:pids:/docker/abc\n9:memory:/docker/abc\n0::/\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${4 * MIB}\n`,
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${3 * MIB}\n`,
      '/sys/fs/cgroup/memory/memory.stat': `inactive_file 1\ntotal_inactive_file ${MIB}\n`,
    };
    expect(availableMemory(null, system(files))).toBe(2 * MIB);
    const unlimited = { ...files, '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' };
    expect(availableMemory(null, system(unlimited))).toBe(8 * MIB);
  });

  it('is what a limit leaves beside what the process holds, and never below nothing', () => {
    const files = {
      '/proc/meminfo': MEMINFO,
      '/proc/self/status': `VmRSS: 9 kB\nRssAnon:\t  ${2 * 1024} kB\n`,
    };
    expect(availableMemory(12 * MIB, system(files))).toBe(10 * MIB);
    expect(availableMemory(MIB, system(files))).toBe(0);
  });

  it('knows something of the system that this runs on', () => {
    expect(availableMemory(null)).toBeGreaterThan(MIB);
    expect(availableMemory(2 ** 40)).toBeLessThan(2 ** 40);
  });
});
