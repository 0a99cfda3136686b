import type { Finding, Grade, GradeComponent } from '../grade.js';
import { type GraderFailure, isUngraded, oneLine, type UngradedFailure } from './reasons.js';

/** The grade of a grader whose value is the reward, with components that are only reported. */
export function leafGrade(name: string, finding: Finding, reported: readonly GradeComponent[] = []): Grade {
  return { total: finding.value, components: [{ name, weight: 1, ...finding }, ...reported] };
}

/** The grade of a grader that gave no number: 0, with the reason; whether 0 is a reward the reason's row says. */
export function failedGrade(name: string, failure: GraderFailure): Grade {
  const reason = `${failure.code}: ${oneLine(failure.detail)}`;
  return {
    total: 0,
    components: [{ name, value: 0, weight: 1, spans: [], reason }],
    failures: [failure],
  };
}

/** Why a grade is no reward, or null where it is one. */
export function ungradedBy({ failures = [] }: Grade): UngradedFailure | null {
  for (const { code, detail } of failures) if (isUngraded(code)) return { code, detail };
  return null;
}

/** Reports whether a value reaches its grader's threshold; nothing without one. */
export function passedComponent(name: string, value: number, threshold: number | null): GradeComponent[] {
  if (threshold === null) return [];
  const passed = value >= threshold;
  const reason = `${value} ${passed ? 'reaches' : 'is below'} the threshold ${threshold}`;
  return [{ name: `${name}.passed`, value: passed ? 1 : 0, weight: 0, spans: [], reason }];
}
