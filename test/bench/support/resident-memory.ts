import { readFileSync } from 'node:fs';

/** A line of Linux's /proc/self/status in MiB; null on other systems. */
function statusLine(name: 'VmHWM' | 'VmRSS'): number | null {
  if (process.platform !== 'linux') return null;
  const [, kib] =
    new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return kib === undefined ? null : Number(kib) / 1024;
}

/**
 * Largest resident memory that this process has had, in MiB. Not what getrusage says where it can be helped:
 * on Linux that begins with the memory of the process that started this one.
 */
export const peakRssMb = (): number => statusLine('VmHWM') ?? process.resourceUsage().maxRSS / 1024;

/** Resident memory now, in MiB. */
export const rssMb = (): number => statusLine('VmRSS') ?? process.memoryUsage.rss() / 2 ** 20;
