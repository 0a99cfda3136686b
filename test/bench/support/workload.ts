import type { GroupShape } from './requests.js';

/** A model opened as the engine opens it, in a process of its own. */
export interface OpenedModel {
  readonly modelDir: string;
  readonly threads: number;
}

/** The same work over and over: `warmups` runs, and then `runs` that are timed. */
export interface Repeated extends OpenedModel {
  readonly warmups: number;
  readonly runs: number;
  /** Whether the rate of plain matrix products is measured after the timed runs. */
  readonly measuresRate: boolean;
}

/** A session of `steps` steps whose lengths differ; the memory is read every `every` steps. */
export interface Session extends OpenedModel, GroupShape {
  readonly steps: number;
  readonly every: number;
}

/** What a process can be asked to time. */
export interface TimedWork {
  /** Host layout, forward and backward of one group, by the train program. */
  gradients: Repeated &
    GroupShape & {
      readonly recomputes: boolean;
      /** Whether every completion computes the prompt again: groups of one completion each. */
      readonly isRepeated: boolean;
    };
  /** A whole step of the learner: gradients, clipping, AdamW, adapter and state read and written. */
  step: Repeated & GroupShape;
  /** Prefill and T tokens of G samples. */
  sample: Repeated & { readonly P: number; readonly T: number; readonly G: number };
}
export type TimedKind = keyof TimedWork;

/** What a process can be asked to hold its memory steady in; S is the most new tokens of a sample. */
export type SessionKind = 'learn' | 'sample';

export type Task =
  | { [K in TimedKind]: { readonly task: 'time'; readonly kind: K; readonly work: TimedWork[K] } }[TimedKind]
  | { readonly task: 'watch'; readonly kind: SessionKind; readonly work: Session };

export interface Timed {
  /** Milliseconds of each timed run. */
  readonly times: readonly number[];
  /** Largest resident memory of the process up to the last timed run, in MiB. */
  readonly peakRssMb: number;
  /**
   * Billions of floating-point operations a second of large matrix products; null where they were not
   * measured.
   */
  readonly rate: number | null;
}

export interface Reading {
  /** Steps done. */
  readonly step: number;
  /** Resident memory after a garbage collection, in MiB. */
  readonly rssMb: number;
}

export type TaskResult<T extends Task['task']> = T extends 'time' ? Timed : readonly Reading[];
