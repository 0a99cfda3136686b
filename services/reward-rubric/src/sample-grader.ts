import type { SampleGrade } from '@residency/protocol';
import {
  createHostedGrader,
  failedGrade,
  type Grade,
  type GradeRequest,
  type GraderHost,
  graderErrors,
  type HostedGrader,
  ungradedBy,
} from '@residency/rubric';
import type { GraderPool } from './grader-pool.js';
import type { JudgeClient } from './judge-client.js';
import type { PythonSandboxes } from './python/sandbox-pool.js';

/** A grade as the ledger keeps it. */
export function toSampleGrade(grade: Grade): SampleGrade {
  const { total, components, failures = [] } = grade;
  const errors = failures.length === 0 ? {} : { errors: { ...graderErrors(failures) } };
  const ungraded = ungradedBy(grade);
  if (ungraded === null) return { graded: true, total, components, ...errors };
  return { graded: false, reason: ungraded.code, message: ungraded.detail, ...errors };
}

export interface SampleGraderParts {
  readonly threads: GraderPool;
  readonly judge: JudgeClient;
  readonly sandboxes: PythonSandboxes;
}

/** Grades single samples by a job's grader; what goes wrong with one is in its grade. */
export class SampleGrader {
  readonly #parts: SampleGraderParts;
  /** The last grader that was asked for: a run grades thousands of samples with one. */
  #last: { readonly key: string; readonly grader: HostedGrader } | null = null;

  constructor(parts: SampleGraderParts) {
    this.#parts = parts;
  }

  /** The grade of one completion. @throws ResidencyError `internal`; the signal's reason, where it aborts */
  async grade(spec: unknown, sample: GradeRequest, signal: AbortSignal): Promise<SampleGrade> {
    const { threads, judge, sandboxes } = this.#parts;
    const host: GraderHost = {
      text: (grader, { item, completion }) => threads.grade({ grader, item, completion }, signal),
      chat: (question) => judge.ask(question, signal),
      python: (call) => sandboxes.run(call, signal),
    };
    let grader: HostedGrader;
    try {
      grader = this.#graderOf(spec);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return toSampleGrade(failedGrade('grader', { code: 'grader_failed', detail }));
    }
    return toSampleGrade(await grader.grade(sample, host));
  }

  #graderOf(spec: unknown): HostedGrader {
    const key = JSON.stringify(spec);
    if (this.#last?.key !== key) this.#last = { key, grader: createHostedGrader(spec) };
    return this.#last.grader;
  }
}
