import type { Bindings, Program, Session } from '@residency/tensor';
import type { Trainable } from '../binding.js';
import { ModelError } from '../errors.js';
import type { MemoryVerdict } from './memory-budget.js';
import type { OpenModel } from './model.js';

/** A program that would do a job. */
export interface Candidate {
  readonly name: string;
  readonly trainable: Trainable;
  readonly build: () => Program;
  /** How it differs from others that would do. */
  readonly how?: string;
}

/** A job, for the message where it cannot fit. */
export interface Job {
  readonly sizes: Bindings;
  /** What the host takes for the results, beside them. */
  readonly hostBytes: number;
  /** Such as `learning from 1 group of 8 completions`. */
  readonly what: string;
  /** Its sizes in words. */
  readonly shape: string;
  /** What would make it smaller. */
  readonly remedy: string;
  /**
   * Whether to give back what earlier jobs hold before refusing, which costs compiling their programs again.
   */
  readonly releases: boolean;
}

/**
 * The first of the candidates whose run fits into the memory there is, compiled. On a GPU, whose memory is
 * not the host's, the first one is taken.
 * @throws ModelError `MODEL_MEMORY` naming what is wanted and available, for which sizes, and what to do
 */
export async function fittingSession(
  model: OpenModel,
  candidates: readonly Candidate[],
  job: Job,
): Promise<Session> {
  const refused: Refused[] = [];
  for (const isRetry of job.releases ? [false, true] : [false]) {
    if (isRetry) await model.releaseSessions();
    for (const candidate of candidates) {
      const { name, trainable, build } = candidate;
      const session = (): Promise<Session> => model.session(name, trainable, build);
      if (model.budget === null) return await session();
      const run = { ...job, program: model.program(name, trainable, build) };
      const verdict = model.budget.judge(run);
      if (verdict.fits) {
        model.budget.made(run, verdict);
        return await session();
      }
      refused.push({ ...verdict, candidate });
    }
  }
  throw refusal(job, refused);
}

interface Refused extends MemoryVerdict {
  readonly candidate: Candidate;
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

function refusal({ what, shape, remedy }: Job, refused: readonly Refused[]): ModelError {
  const least = refused.reduce((a, b) => (b.wantedBytes <= a.wantedBytes ? b : a));
  const { wantedBytes, availableBytes, estimate, candidate } = least;
  const largest = estimate.largest.slice(0, 2).map((v) => `${v.count} x ${v.what}`);
  const how = candidate.how === undefined ? '' : `, ${candidate.how}`;
  return new ModelError(
    'MODEL_MEMORY',
    `${what} wants ${megabytes(wantedBytes)} of memory, ${megabytes(availableBytes)} are available: ` +
      `${shape}${how}; ${megabytes(estimate.weightsBytes)} are weights, ` +
      `the largest values ${largest.join(' and ')}; ${remedy}`,
  );
}
