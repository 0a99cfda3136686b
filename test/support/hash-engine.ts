import { createHash } from 'node:crypto';
import type {
  CallOptions,
  Engine,
  EngineOptions,
  LearnRequest,
  LearnResult,
  LoraOptions,
  PolicyState,
  Sample,
  SampleRequest,
} from '@residency/model';

/** The words of the hash engine's language; id 0 ends a completion. */
export const words = [
  '',
  '<dx>',
  '</dx>',
  '<conclusion>',
  '</conclusion>',
  '\\boxed{A}',
  '\\boxed{B}',
  '(System 1: Intuitive)',
  '(System 2: Analytical)',
  'fever',
  'cough',
  'pneumonia',
  'asthma',
  'because',
  'therefore',
  'excludes',
] as const;

/** What one call of the engine was, for assertions and for interference. */
export interface HashEngineHooks {
  readonly onSample?: (request: SampleRequest, call: CallOptions) => Promise<void> | void;
  readonly onLearn?: (request: LearnRequest, call: CallOptions) => Promise<void> | void;
}

const digest = (...parts: readonly unknown[]): Buffer =>
  createHash('sha256').update(JSON.stringify(parts)).digest();
const unit = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at % 28) / 2 ** 32;

function sampleOf(request: SampleRequest, at: number): Sample {
  const { adapter, key, temperatures, maxNewTokens, stopIds } = request;
  const promptIds = request.ownPrompts?.[at] ?? request.promptIds;
  const temperature = temperatures[at] ?? 1;
  // A greedy sample has no randomness: its key stays out.
  const source = temperature === 0 ? ['greedy'] : [key, request.sampleNumbers?.[at] ?? at];
  const ids: number[] = [];
  const logprobs: number[] = [];
  for (let token = 0; token < maxNewTokens; token++) {
    const bytes = digest(adapter?.sha256 ?? null, promptIds, source, token);
    const id = bytes.readUInt32LE(0) % words.length;
    ids.push(id);
    logprobs.push(Math.fround(-3 * unit(bytes, 4)));
    if (stopIds.includes(id)) return { ids, logprobs, modelLogprobs: logprobs, stopReason: 'stop' };
  }
  return { ids, logprobs, modelLogprobs: logprobs, stopReason: 'length' };
}

const stateOf = (...parts: readonly unknown[]): PolicyState => ({
  adapter: new Uint8Array(digest('adapter', ...parts)),
  optimizer: new Uint8Array(digest('optimizer', ...parts)),
});

const logprobsOf = (group: LearnRequest['groups'][number]): readonly number[] =>
  ('trajectories' in group ? group.trajectories : group.samples).flatMap(({ logprobs }) => logprobs);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/**
 * An engine for tests of the control plane, where numbers do not matter and reproducibility does: every answer is a
 * hash of the question, so that one changed bit anywhere upstream changes the final adapter.
 */
export function openHashEngine(options: EngineOptions, hooks: HashEngineHooks = {}): Promise<Engine> {
  const engine: Engine = {
    model: {
      dir: options.modelDir,
      sha256: digest('model', options.modelDir.split('/').at(-1)).toString('hex'),
      vocabSize: words.length,
      maxPositions: 512,
    },
    async initState(lora: LoraOptions) {
      return stateOf('init', lora);
    },
    async sample(request, call) {
      await hooks.onSample?.(request, call);
      return request.temperatures.map((_, at) => sampleOf(request, at));
    },
    async learn(request, call): Promise<LearnResult> {
      await hooks.onLearn?.(request, call);
      const { state, groups, hyperparameters, reference = null } = request;
      const inputs = groups.map((group) =>
        'trajectories' in group
          ? { trajectories: group.trajectories }
          : { promptIds: group.promptIds, samples: group.samples },
      );
      const bytes = digest('metrics', inputs);
      return {
        state: stateOf(
          hex(state.adapter),
          hex(state.optimizer),
          inputs,
          hyperparameters,
          ...(reference === null ? [] : [hex(reference)]),
        ),
        metrics: {
          loss: unit(bytes, 0),
          policyLoss: unit(bytes, 4),
          kl: unit(bytes, 8),
          entropy: unit(bytes, 12),
          clipFraction: unit(bytes, 16),
          clipFractionLow: unit(bytes, 17),
          clipFractionHigh: unit(bytes, 18),
          ratio: unit(bytes, 19),
          oldKl: unit(bytes, 21),
          importanceMean: 1,
          importanceTruncated: 0,
          gradNorm: unit(bytes, 20),
          clipScale: unit(bytes, 22),
          learningRate: hyperparameters.learningRate,
          updateNorm: unit(bytes, 23),
          parameterNorm: unit(bytes, 24),
          tokens: groups.flatMap(logprobsOf).length,
          sequenceTokens: 0,
          computedTokens: 0,
          skipped: null,
          preference:
            hyperparameters.objective === 'dpo'
              ? { accuracy: unit(bytes, 25), margin: unit(bytes, 26) }
              : null,
        },
      };
    },
    close: () => Promise.resolve(),
  };
  return Promise.resolve(engine);
}

interface HashMessage {
  readonly role: string;
  readonly content: string;
}

/** The tokenizer of the hash engine's language: prompts by characters, completions by words. */
export function openHashTokenizer(): Promise<{
  readonly stopIds: readonly number[];
  decode(ids: readonly number[]): string;
  applyChatTemplate(messages: readonly HashMessage[]): number[];
  encodeAnswer(messages: readonly HashMessage[], answer: string): number[];
  encodeReply(reply: string): number[];
}> {
  return Promise.resolve({
    stopIds: [0],
    decode: (ids: readonly number[]) => ids.map((id) => words[id] ?? '?').join(' '),
    encodeReply: (reply: string) => [...reply].map((character) => 1 + (character.codePointAt(0) ?? 0)),
    encodeAnswer: (_: readonly HashMessage[], answer: string) => [
      ...answer.split(' ').map((word) => Math.max(1, (words as readonly string[]).indexOf(word))),
      0,
    ],
    applyChatTemplate: (messages: readonly HashMessage[]) =>
      messages.flatMap(({ role, content }) =>
        [...`${role}:${content}\n`].map((char) => char.charCodeAt(0) % 128),
      ),
  });
}
