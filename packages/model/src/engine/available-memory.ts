import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';

/** Reads a file of the system as text; null where there is none. */
export type ReadText = (path: string) => string | null;

const CGROUPS = '/sys/fs/cgroup';
/** Above this a cgroup of the first version means that it has no limit. */
const NO_LIMIT = 2 ** 60;

/**
 * Names that the two versions of cgroups have for the same facts; the first's are in a folder of their own.
 */
const VERSIONS = [
  {
    line: /^0::(.*)$/m,
    folder: CGROUPS,
    limit: 'memory.max',
    usage: 'memory.current',
    reclaimable: ['active_file', 'inactive_file'],
  },
  {
    line: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m,
    folder: join(CGROUPS, 'memory'),
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    reclaimable: ['total_active_file', 'total_inactive_file'],
  },
] as const;

/**
 * Bytes that this process may still take. With a limit that is what the process itself does not use of it;
 * else the least of what its cgroups (of either version, the outer ones included) leave and what the system
 * has available. Mapped files count as available: the system can drop their pages, so a run's weights have to
 * be counted as wanted.
 */
export function availableMemory(limitBytes: number | null, read: ReadText = readText): number {
  if (limitBytes !== null) return Math.max(0, limitBytes - ownBytes(read));
  const system = kibibytes(read('/proc/meminfo'), 'MemAvailable') ?? freemem();
  return Math.max(0, Math.min(system, ...cgroupsLeave(read)));
}

const readText: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // a file that a system does not have is one fact less
  }
};

/** What this process holds, files that it has mapped not counted. */
const ownBytes = (read: ReadText): number =>
  kibibytes(read('/proc/self/status'), 'RssAnon') ?? process.memoryUsage.rss();

/** A line such as `MemAvailable:  21499 kB`, in bytes. */
function kibibytes(text: string | null, name: string): number | null {
  const found = text && new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text);
  return found ? Number(found[1]) * 1024 : null;
}

/** What each cgroup of this process leaves. */
function cgroupsLeave(read: ReadText): number[] {
  const own = read('/proc/self/cgroup') ?? '';
  return VERSIONS.flatMap((version) => {
    const path = version.line.exec(own)?.[1];
    if (path === undefined) return [];
    return pathsUp(path).flatMap((part) => {
      const folder = join(version.folder, part);
      const limit = Number(read(join(folder, version.limit))?.trim());
      const usage = Number(read(join(folder, version.usage))?.trim());
      // `max` is no number, and a container sees only some of the folders.
      if (!(limit > 0 && limit < NO_LIMIT && usage >= 0)) return [];
      const stat = read(join(folder, 'memory.stat')) ?? '';
      const files = version.reclaimable.reduce(
        (n, name) => n + Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0),
        0,
      );
      return [limit - usage + files];
    });
  });
}

/** `/a/b` -> `/a/b`, `/a`, `/`. */
function pathsUp(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, i) => `/${parts.slice(0, parts.length - i).join('/')}`);
}
