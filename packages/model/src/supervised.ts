import { compile, createLocalRunner, type Session } from '@residency/tensor';
import type { DecoderConfig } from './config.js';
import { padRows } from './engine/batch.js';
import { ModelError } from './errors.js';
import { layoutGroups } from './layout/group.js';
import {
  type AdamHyperparameters,
  type AdamState,
  applyUpdate,
  constantSchedule,
  GradientSum,
  initAdam,
  type SkipReason,
} from './optimizer.js';
import { trainProgram } from './programs/train.js';
import type { NamedTensor } from './safetensors.js';

/** A training sequence and the loss weight of each of its tokens. */
export interface SupervisedExample {
  readonly ids: readonly number[];
  readonly weights: readonly number[];
}

export interface SupervisedStep {
  /** Mean negative log-likelihood per unit of token weight, in nats. */
  readonly nll: number;
  readonly gradNorm: number;
  /** Why the update was left out, or null. */
  readonly skipped: SkipReason | null;
}

/** Trains every weight of a small decoder on sequences, in this process. */
export class SupervisedTrainer {
  readonly #config: DecoderConfig;
  readonly #session: Session;
  readonly #close: () => Promise<void>;
  #parameters: readonly NamedTensor[];
  #moments: AdamState;

  private constructor(
    config: DecoderConfig,
    session: Session,
    close: () => Promise<void>,
    parameters: readonly NamedTensor[],
  ) {
    this.#config = config;
    this.#session = session;
    this.#close = close;
    this.#parameters = parameters;
    this.#moments = initAdam(parameters);
  }

  static async open(
    c: DecoderConfig,
    parameters: readonly NamedTensor[],
    threads: number,
  ): Promise<SupervisedTrainer> {
    const runner = createLocalRunner();
    const session = await compile(trainProgram(c, { kind: 'full' }, { kind: 'supervised' }), {
      runner,
      threads,
    });
    return new SupervisedTrainer(c, session, () => runner.close(), parameters);
  }

  get parameters(): readonly NamedTensor[] {
    return this.#parameters;
  }

  /**
   * One update on a batch, computed in chunks of `chunk` sequences whose gradients are summed in order. What all sequences
   * of a chunk begin with is computed once.
   */
  async step(
    batch: readonly SupervisedExample[],
    h: AdamHyperparameters & { readonly maxGradNorm: number },
    chunk: number,
  ): Promise<SupervisedStep> {
    checkBatch(batch, chunk);
    const gradients = new GradientSum(this.#parameters);
    const total = batch.reduce((n, e) => n + e.weights.reduce((m, w) => m + w, 0), 0);
    let nll = 0;
    for (let i = 0; i < batch.length; i += chunk) {
      nll += await this.#addChunk(batch.slice(i, i + chunk), total, gradients);
    }
    const { learningRate, maxGradNorm, ...adam } = h;
    const update = applyUpdate({
      parameters: this.#parameters,
      moments: this.#moments,
      gradients,
      tokens: total,
      schedule: constantSchedule(learningRate),
      step: 0,
      adam,
      maxGradNorm,
    });
    this.#parameters = update.parameters;
    this.#moments = update.moments;
    return { nll, gradNorm: update.metrics.gradNorm, skipped: update.skipped };
  }

  /** Mean negative log-likelihood of a batch, in nats, without learning from it. */
  async evaluate(batch: readonly SupervisedExample[]): Promise<number> {
    checkBatch(batch, 1);
    const total = batch.reduce((n, e) => n + e.weights.reduce((m, w) => m + w, 0), 0);
    return await this.#addChunk(batch, total, new GradientSum(this.#parameters));
  }

  async #addChunk(
    examples: readonly SupervisedExample[],
    total: number,
    gradients: GradientSum,
  ): Promise<number> {
    const P = commonPrefix(examples);
    const { sizes, feeds } = layoutGroups(
      [{ prefix: examples[0]?.ids.slice(0, P) ?? [], suffixes: examples.map((e) => e.ids.slice(P)) }],
      this.#config,
    );
    const matrix = (f: (weight: number) => number): Float32Array =>
      padRows(
        examples.map((e) => e.weights.slice(P).map(f)),
        sizes.L,
      );
    const out = await this.#session.run(sizes, {
      ...Object.fromEntries(this.#parameters.map((p) => [p.name, p.data])),
      ...feeds,
      inverseTemperature: Float32Array.of(1),
      mask: matrix((w) => (w === 0 ? 0 : 1)),
      weights: matrix((w) => w / total),
    });
    gradients.addOutputs(out);
    return Number(out['nll']?.[0] ?? Number.NaN);
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/**
 * Tokens that all sequences begin with and that carry no loss: computed once. Each sequence keeps at least one of its own.
 * @throws ModelError `MODEL_REQUEST` where there is none
 */
function commonPrefix(examples: readonly SupervisedExample[]): number {
  const [first] = examples;
  let length = 0;
  const isShared = ({ ids, weights }: SupervisedExample): boolean =>
    length + 1 < ids.length && ids[length] === first?.ids[length] && weights[length] === 0;
  while (examples.every(isShared)) length++;
  if (length === 0) {
    throw new ModelError(
      'MODEL_REQUEST',
      'a batch: want a first token that all sequences share and that weighs 0',
    );
  }
  return length;
}

/** @throws ModelError `MODEL_REQUEST` */
function checkBatch(batch: readonly SupervisedExample[], chunk: number): void {
  if (batch.length === 0) throw new ModelError('MODEL_REQUEST', 'a batch: want at least one example');
  if (!Number.isInteger(chunk) || chunk < 1)
    throw new ModelError('MODEL_REQUEST', `chunk is ${chunk}, want a whole number above 0`);
  batch.forEach(({ ids, weights }, i) => {
    if (ids.length !== weights.length) {
      throw new ModelError(
        'MODEL_REQUEST',
        `example ${i} has ${ids.length} ids and ${weights.length} weights`,
      );
    }
  });
}
