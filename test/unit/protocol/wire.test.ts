import { createHash } from 'node:crypto';
import { AGGREGATIONS, IMPORTANCE_LEVELS, KL_ESTIMATORS, POLICY_ESTIMATORS } from '@residency/algorithms';
import {
  AdvantageService,
  type AnyService,
  advantageRequestFromProto,
  advantageRequestToProto,
  advantageResponseFromProto,
  advantageResponseToProto,
  EnvironmentService,
  episodeRequestFromProto,
  episodeRequestToProto,
  episodeResponseFromProto,
  episodeResponseToProto,
  joinGroup,
  LearnerService,
  type LearnPart,
  learnAnswerFromProto,
  learnAnswerToProto,
  learnPartFromProto,
  learnPartToProto,
  POLICY_CHUNK_BYTES,
  policyFromProto,
  policyToProto,
  ResidencyError,
  type RunHyperparameters,
  runFromProto,
  runToProto,
  SCHEDULE_SHAPES,
  scoreAnswerFromProto,
  scoreAnswerToProto,
  scorePartFromProto,
  scorePartToProto,
  serviceDefinition,
  splitGroup,
} from '@residency/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** What the other side of a call decodes of `init`, through the serialisers that the calls use. */
function over<S extends AnyService>(service: S, method: keyof typeof service.method & string) {
  const definition = serviceDefinition(service)[method];
  if (definition === undefined) throw new Error(`no method ${method}`);
  return {
    request: <T>(init: object): T => definition.requestDeserialize(definition.requestSerialize(init)) as T,
    response: <T>(init: object): T => definition.responseDeserialize(definition.responseSerialize(init)) as T,
  };
}

const estimate = over(AdvantageService, 'estimate');
const play = over(EnvironmentService, 'play');
const learn = over(LearnerService, 'learn');
const score = over(LearnerService, 'score');
const openRun = over(LearnerService, 'openRun');
const getPolicy = over(LearnerService, 'getPolicy');

const index = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const double = fc.double({ noNaN: true });
const ids = fc.array(index, { maxLength: 20 });

describe('the advantage pairs', () => {
  it('lose nothing over the wire', () => {
    const group = fc.record({ index, rewards: fc.array(double) });
    const question = fc.record({ estimator: fc.string(), epsilon: double, groups: fc.array(group) });
    fc.assert(
      fc.property(question, (asked) => {
        expect(advantageRequestFromProto(estimate.request(advantageRequestToProto(asked)))).toEqual(asked);
      }),
    );
  });

  it('keep an epsilon that was left out left out', () => {
    const asked = { estimator: 'grpo', groups: [] };

    expect(advantageRequestFromProto(estimate.request(advantageRequestToProto(asked)))).toEqual({
      estimator: 'grpo',
      groups: [],
    });
  });

  it('carry advantages and moments', () => {
    const groups = [{ index: 4, advantages: [0.1, -0.1], mean: 0.3, std: Math.SQRT2 }];

    expect(advantageResponseFromProto(estimate.response(advantageResponseToProto(groups)))).toEqual(groups);
  });
});

describe('the learner pairs', () => {
  const before = {
    learningRate: double,
    adamBeta1: double,
    adamBeta2: double,
    adamEpsilon: double,
    weightDecay: double,
    maxGradNorm: double,
    clipLow: double,
    clipHigh: double,
    klCoefficient: double,
    temperature: double,
  };
  const schedule = fc.record({
    shape: fc.constantFrom(...SCHEDULE_SHAPES),
    warmupSteps: index,
    totalSteps: index,
    minShare: double,
  });
  const chosen = {
    estimator: fc.constantFrom(...POLICY_ESTIMATORS),
    aggregation: fc.constantFrom(...AGGREGATIONS),
    fixedLength: index,
    klEstimator: fc.constantFrom(...KL_ESTIMATORS),
    entropyCoefficient: double,
    dualClip: double,
    importance: fc.constantFrom(...IMPORTANCE_LEVELS),
    importanceCap: double,
    oldLogprobs: fc.constantFrom('recorded' as const, 'scored' as const),
    schedule,
  };
  const hyperparameters: fc.Arbitrary<RunHyperparameters> = fc.record(
    { ...before, ...chosen },
    { requiredKeys: Object.keys(before) as (keyof typeof before)[] },
  );
  const header = fc.record({
    jobId: fc.string(),
    step: index,
    model: fc.string(),
    policy: fc.record({ version: index, sha256: fc.string() }),
    hyperparameters,
    groupCount: index,
  });
  const sample = fc.record({ ids, logprobs: fc.array(double), advantage: double });
  const group = fc.record({ index, policySha256: fc.string(), promptIds: ids, samples: fc.array(sample) });
  const trajectory = fc.record({
    ids,
    targets: ids,
    logprobs: fc.array(double),
    advantages: fc.array(double),
  });
  const episodes = fc.record(
    {
      ...{ index, policySha256: fc.string(), promptIds: fc.constant([]), samples: fc.constant([]) },
      trajectories: fc.array(trajectory, { minLength: 1 }),
      continues: fc.constant(true as const),
    },
    { requiredKeys: ['index', 'policySha256', 'promptIds', 'samples', 'trajectories'] },
  );
  const part: fc.Arbitrary<LearnPart> = fc.oneof(
    episodes.map((value) => ({ kind: 'group' as const, group: value })),
    header.map((value) => ({ kind: 'header' as const, header: value })),
    group.map((value) => ({ kind: 'group' as const, group: value })),
  );

  it('lose nothing over the wire', () => {
    fc.assert(
      fc.property(part, (sent) => {
        expect(learnPartFromProto(learn.request(learnPartToProto(sent)))).toEqual(sent);
      }),
    );
  });

  it('carry a group of long episodes in several messages, and it is the same group', () => {
    const long = (tokens: number) => ({
      ids: new Array<number>(tokens).fill(7),
      targets: [1],
      logprobs: [-1],
      advantages: [1],
    });
    const whole = {
      index: 2,
      policySha256: 'a',
      promptIds: [],
      samples: [],
      trajectories: [60_000, 50_000, 40_000, 70_000].map(long),
    };

    const parts = [...splitGroup(whole)];

    expect(parts.map(({ trajectories }) => trajectories?.length)).toEqual([1, 2, 1]);
    expect(parts.map(({ continues = false }) => continues)).toEqual([true, true, false]);
    expect(parts.slice(1).reduce(joinGroup, parts[0] ?? whole)).toEqual(whole);
    expect([...splitGroup({ ...whole, trajectories: [] })]).toHaveLength(1);
    expect(() => joinGroup(whole, { ...whole, index: 3 })).toThrow('group 2: found group 3 behind it');
  });

  const plain = {
    learningRate: 1e-4,
    adamBeta1: 0.9,
    adamBeta2: 0.999,
    adamEpsilon: 1e-8,
    weightDecay: 0.01,
    maxGradNorm: 1,
    clipLow: 0.2,
    clipHigh: 0.2,
    klCoefficient: 0.04,
    temperature: 1,
  };
  const headerOf = (hyperparameters: object) =>
    learnPartFromProto(
      learn.request({ part: { case: 'header', value: { policy: { version: 0 }, hyperparameters } } }),
    );

  it('read a header from before there was a choice of losses as it was, key by key', () => {
    // A message of ten doubles, field numbers 1 to 10, made without this package's classes.
    const doubles = Object.values(plain).map((value, at) => {
      const field = Buffer.alloc(9);
      field.writeUInt8(((at + 1) << 3) | 1);
      field.writeDoubleLE(value, 1);
      return field;
    });
    const nested = (field: number, bytes: Buffer): Buffer =>
      Buffer.concat([Buffer.from([(field << 3) | 2, bytes.byteLength]), bytes]);
    const policy = nested(4, Buffer.from([0x08, 0x01]));
    const bytes = nested(1, Buffer.concat([policy, nested(5, Buffer.concat(doubles))]));
    const definition = serviceDefinition(LearnerService)['learn'];

    const part = learnPartFromProto(
      definition?.requestDeserialize(bytes) as Parameters<typeof learnPartFromProto>[0],
    );

    const read = part.kind === 'header' ? part.header.hyperparameters : null;
    expect(JSON.stringify(read)).toBe(JSON.stringify(plain));
    // What has no new field is sent as those ten doubles and nothing more.
    const sent = definition?.requestSerialize(learnPartToProto(part)) ?? Buffer.alloc(0);
    expect(Buffer.from(sent).equals(bytes)).toBe(true);
  });

  it.each([
    ['estimator', { estimator: 'ppo3' }],
    ['aggregation', { aggregation: '' }],
    ['kl_estimator', { klEstimator: 'k9' }],
    ['importance', { importance: 'toString' }],
    ['old_logprobs', { oldLogprobs: 'guessed' }],
    ['schedule.shape', { schedule: { shape: 'step' } }],
  ])('refuse a name that nobody knows: %s', (field, change) => {
    expect(() => headerOf({ ...plain, ...change })).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        param: `hyperparameters.${field}`,
        message: expect.stringMatching(/: found ".*", wanted one of /),
      }),
    );
  });

  it('carry what a step says of its update, zeros too', () => {
    const update = {
      learningRate: 5e-5,
      updateNorm: 0,
      parameterNorm: 3.5,
      clipScale: 0.25,
      ratio: 1.01,
      clipFractionLow: 0,
      clipFractionHigh: 0.125,
      oldKl: 1e-7,
      importanceMean: 0.9,
      importanceTruncated: 0,
    };
    const measured = { loss: 0, policyLoss: 0, kl: 0, entropy: 0, clipFraction: 0, gradNorm: 0 };
    const metrics = { ...measured, ...update, tokens: 3, skipped: null };
    const answer = { policy: { version: 1, sha256: 'a'.repeat(64) }, metrics };

    expect(learnAnswerFromProto(learn.response(learnAnswerToProto(answer)))).toEqual(answer);
  });

  it.each([null, 'nonfinite_gradient'])(
    'carry the metrics of a step whose update was skipped: %s',
    (skipped) => {
      const metrics = {
        loss: -0.1,
        policyLoss: 0.2,
        kl: 1e-9,
        entropy: 2,
        clipFraction: 0.25,
        gradNorm: 3,
        tokens: 2 ** 40,
        skipped,
      };
      const answer = { policy: { version: 1, sha256: 'a'.repeat(64) }, metrics };

      expect(learnAnswerFromProto(learn.response(learnAnswerToProto(answer)))).toEqual(answer);
    },
  );

  it('carry what is scored, and its loss', () => {
    const part: LearnPart = {
      kind: 'group',
      group: { index: 1, policySha256: 'b', promptIds: [3], samples: [] },
    };
    const answer = { loss: 0.7, tokens: 2 ** 40, preferenceAccuracy: 0, preferenceMargin: -1 };

    expect(scorePartFromProto(score.request(scorePartToProto(part)))).toEqual(part);
    expect(scoreAnswerFromProto(score.response(scoreAnswerToProto(answer)))).toEqual(answer);
    const plain = { loss: 0.7, tokens: 1 };
    expect(scoreAnswerFromProto(score.response(scoreAnswerToProto(plain)))).toEqual(plain);
    expect(() => scorePartFromProto(score.request({}))).toThrow(/part: found nothing/);
  });

  it('carry the opening of a run', () => {
    const run = { jobId: 'j', model: 'm', seed: 2 ** 31 - 1, loraRank: 8, loraAlpha: 16.5 };

    expect(runFromProto(openRun.request(runToProto(run)))).toEqual(run);
  });

  it('refuse a message without its part', () => {
    expect(() => learnPartFromProto(learn.request({}))).toThrow(/part: found nothing/);
    expect(() => runFromProto(openRun.request({}))).toThrow(/run: found nothing/);
  });
});

type PolicyMessage = Parameters<typeof policyFromProto>[0] extends AsyncIterable<infer M> ? M : never;

describe('the policy stream', () => {
  const bytes = new Uint8Array(POLICY_CHUNK_BYTES * 2 + 17).map((_, at) => (at * 31) % 251);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const messagesOf = async function* (source: Uint8Array, keep: (at: number) => boolean = () => true) {
    let at = 0;
    for await (const message of policyToProto(source))
      if (keep(at++)) yield getPolicy.response<PolicyMessage>(message);
  };

  it('brings an adapter back in chunks of at most 512 KiB', async () => {
    const sizes: number[] = [];
    for await (const { part } of messagesOf(bytes))
      if (part.case === 'chunk') sizes.push(part.value.byteLength);

    expect(sizes).toEqual([POLICY_CHUNK_BYTES, POLICY_CHUNK_BYTES, 17]);
    expect(Buffer.compare(await policyFromProto(messagesOf(bytes), sha256), bytes)).toBe(0);
  });

  it('refuses bytes that do not hash to the name', async () => {
    const changed = bytes.slice();
    changed[5] = 255;

    await expect(policyFromProto(messagesOf(changed), sha256)).rejects.toMatchObject({
      code: 'artifact_corrupt',
    });
  });

  it('refuses a stream that lost a chunk', async () => {
    const lossy = messagesOf(bytes, (at) => at !== 2);

    await expect(policyFromProto(lossy, sha256)).rejects.toMatchObject({ code: 'artifact_corrupt' });
  });
});

describe('the episode pairs', () => {
  it.each([
    { kind: 'open' as const, environment: 'triage', task: { a: [1, null] }, seed: 5 },
    { kind: 'act' as const, action: 'look' },
    { kind: 'close' as const },
  ])('lose nothing of a command: $kind', (command) => {
    const request = { episodeId: 'e1', command };

    expect(episodeRequestFromProto(play.request(episodeRequestToProto(request)))).toEqual(request);
  });

  it('lose nothing of an observation, a failure or a close', () => {
    const view = { text: 't', admissible: ['a'], anchor: 'x', reward: 0.5, done: true, info: { steps: 2 } };
    const through = (response: Parameters<typeof episodeResponseToProto>[0]) =>
      episodeResponseFromProto(play.response(episodeResponseToProto(response)));
    const failure = through({
      episodeId: 'e',
      result: { kind: 'failure', error: new ResidencyError('episode_limit', 'full') },
    });

    expect(through({ episodeId: 'e', result: { kind: 'observation', view } }).result).toEqual({
      kind: 'observation',
      view,
    });
    expect(through({ episodeId: 'e', result: { kind: 'closed' } }).result).toEqual({ kind: 'closed' });
    expect(failure.result).toMatchObject({
      kind: 'failure',
      error: { code: 'episode_limit', message: 'full' },
    });
  });

  it.each<[string, object | undefined, RegExp]>([
    ['no result', undefined, /^result: found nothing/],
    ['an infinite reward', { reward: Number.POSITIVE_INFINITY, infoJson: '{}' }, /^reward: found Infinity/],
    ['a reward that is no number', { reward: Number.NaN, infoJson: '{}' }, /^reward: found NaN/],
    ['no info', {}, /^info_json: found text that is not JSON/],
    ['a list as info', { infoJson: '[]' }, /^info_json: found JSON of another kind/],
    ['null as info', { infoJson: 'null' }, /^info_json: found JSON of another kind/],
  ])('refuse an answer with %s', (_what, value, reason) => {
    const message = play.response<Parameters<typeof episodeResponseFromProto>[0]>({
      episodeId: 'e',
      ...(value === undefined ? {} : { result: { case: 'observation', value } }),
    });
    const error = expect.objectContaining({
      code: 'environment_failed',
      message: expect.stringMatching(reason),
    });

    expect(() => episodeResponseFromProto(message)).toThrow(error);
  });

  it('refuse a task that is not JSON', () => {
    const value = { environment: 'triage', taskJson: '{', seed: 0 };
    const message = play.request<Parameters<typeof episodeRequestFromProto>[0]>({
      episodeId: 'e',
      command: { case: 'open', value },
    });

    expect(() => episodeRequestFromProto(message)).toThrow(/task_json/);
  });
});
