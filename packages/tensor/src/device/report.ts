import { type Device, showDevice } from './device.js';

/** One thing that a device needs. */
export interface PreflightCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  readonly want: string;
  /** What to do about it; null where nothing has to be done. */
  readonly remedy: string | null;
}

/** What stands in the way of computing on a device, if anything. */
export interface PreflightReport {
  readonly device: string;
  readonly ok: boolean;
  readonly checks: readonly PreflightCheck[];
}

export function passed(name: string, found: string, want: string): PreflightCheck {
  return { name, ok: true, found, want, remedy: null };
}

export function failed(name: string, found: string, want: string, remedy: string): PreflightCheck {
  return { name, ok: false, found, want, remedy };
}

/** Checks that decide; the others say why, and where these pass they only warn (nvidia-smi may be absent, for instance). */
const DECISIVE: readonly string[] = ['provider', 'session'];

export function reportOf(device: Device, checks: readonly PreflightCheck[]): PreflightReport {
  const decisive = checks.filter(({ name }) => DECISIVE.includes(name));
  // A session that was not tried has not passed.
  const isTried = decisive.some(({ name }) => name === 'session');
  return { device: showDevice(device), ok: isTried && decisive.every(({ ok }) => ok), checks };
}

/** A report for a terminal: a line for each check, and under a failed one what was wanted and what to do. */
export function formatReport({ device, ok, checks }: PreflightReport): string[] {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  return [
    `${device}: ${ok ? 'usable' : 'not usable'}`,
    ...checks.flatMap((check) => {
      const line = `  ${check.ok ? 'ok  ' : ok ? 'warn' : 'FAIL'}  ${check.name.padEnd(width)}  ${check.found}`;
      const indent = ' '.repeat(width + 10);
      return check.ok
        ? [line]
        : [line, `${indent}want: ${check.want}`, `${indent}do:   ${check.remedy ?? 'nothing is known'}`];
    }),
  ];
}

/** What failed, in one line for a log. */
export function summarize({ device, checks }: PreflightReport): string {
  const reasons = checks.filter(({ ok }) => !ok).map(({ name, found }) => `${name}: ${found}`);
  return `${device}: ${reasons.length === 0 ? 'usable' : reasons.join('; ')}`;
}
