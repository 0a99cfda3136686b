import { createHash } from 'node:crypto';
import { type Unit, unitJobId } from '@residency/protocol';

const hex = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits);

/** W3C trace context of a unit: one trace per job, one span per unit, derived from their names. */
export function unitTraceparent(jobId: string, unit: Unit): string {
  return `00-${hex(jobId, 32)}-${hex(unitJobId(jobId, unit), 16)}-01`;
}
