import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { caseRow, casesFrom } from '@residency/bedside';
import { commands } from '@residency/cli';
import { type Prediction, readReport } from '@residency/evaluation';
import {
  type Adapter,
  encodeAdapter,
  initAdapter,
  parseSafetensors,
  readConfig,
  writeSafetensors,
} from '@residency/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadAdapter } from '../../../packages/cli/src/eval/adapter.js';
import { completionOf, judgeEndpoint } from '../../support/judge-endpoint.js';
import { randomNumbers } from '../../support/numbers.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.js';

const model = join(import.meta.dirname, '../../../models/intern');
const CASES = 5;

interface Ran {
  readonly code: number | undefined;
  readonly lines: string[];
  readonly statuses: string[];
}

let folder: TemporaryFolder;
let first: Ran;
beforeAll(async () => {
  folder = await temporaryFolder();
  const rows = casesFrom({ seed: 3, split: 'held-out' }, 0, CASES).map((bedside) =>
    JSON.stringify(caseRow(bedside)),
  );
  await writeFile(join(folder.path, 'cases.jsonl'), `${rows.join('\n')}\n`);
  await writeFile(join(folder.path, 'adapter.safetensors'), encodeAdapter(await noisyAdapter()));
  first = await evaluated(['--out', 'first', '--verifier', 'bedside']);
});
afterAll(() => folder[Symbol.asyncDispose]());

/** An adapter that changes what the model says. */
async function noisyAdapter(): Promise<Adapter> {
  const adapter = initAdapter(await readConfig(model), { seed: 1, rank: 2, alpha: 4 });
  const tensors = adapter.tensors.map((tensor, i) => ({
    ...tensor,
    data: tensor.name.includes('.lora_B.')
      ? Float32Array.from(randomNumbers(tensor.data.length, i + 1), (value) => value / 2)
      : tensor.data,
  }));
  return { ...adapter, tensors };
}

/** Runs `residency eval` on the shipped model in the test's folder. */
async function evaluated(
  args: readonly string[],
  more: {
    readonly env?: NodeJS.ProcessEnv;
    readonly stop?: AbortController;
    readonly onStatus?: () => void;
  } = {},
): Promise<Ran> {
  const [lines, statuses]: [string[], string[]] = [[], []];
  const given = new Set(args);
  const defaults = [
    ...(given.has('--model') ? [] : ['--model', model]),
    ...(given.has('--data') ? [] : ['--data', 'cases.jsonl']),
  ];
  const code = await commands.get('eval')?.run([...defaults, ...args], {
    terminal: {
      isInteractive: true,
      line: (text) => void lines.push(text),
      status: (text) => {
        statuses.push(text);
        more.onStatus?.();
      },
    },
    env: { INIT_CWD: folder.path, ...more.env },
    signal: (more.stop ?? new AbortController()).signal,
    hurry: new AbortController().signal,
  });
  return { code, lines, statuses };
}

const read = (...parts: string[]): Promise<string> => readFile(join(folder.path, ...parts), 'utf8');
const predictions = async (...parts: string[]): Promise<Prediction[]> =>
  // The command's own lines, whose fields the assertions look at.
  (await read(...parts))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Prediction);

describe('residency eval', () => {
  test('answers, grades and reports', async () => {
    const report = readReport(await read('first', 'report.json'), 'report.json');
    const lines = await predictions('first', 'predictions.jsonl');
    const right = lines.filter(({ correct }) => correct).length;

    expect(first.code).toBe(0);
    expect((await readdir(join(folder.path, 'first'))).sort()).toEqual([
      'predictions.jsonl',
      'report.html',
      'report.json',
    ]);
    expect(first.statuses.at(-1)).toBe(`model: answered ${CASES} of ${CASES} questions`);
    expect(first.lines[0]).toMatch(/^5 questions +intern +95 %$/);
    expect(first.lines.find((line) => line.startsWith('accuracy over all'))).toContain(`${20 * right}.0 %`);
    expect(report.settings).toEqual({
      samples: 1,
      temperature: 0,
      topP: 1,
      maxTokens: expect.any(Number),
      seed: 1,
      profile: 'crpo-paper',
    });
    expect(report.outcomes.map(({ id }) => id)).toEqual(lines.map(({ id }) => id));
    for (const { completion, letter, valid, correct, grade } of lines) {
      // Verdict and reward are read from the text in two ways.
      expect(grade?.components.find(({ name }) => name === 'accuracy')?.value).toBe(correct ? 1 : 0);
      expect(valid).toBe(letter !== null);
      if (letter !== null) expect(completion).toContain(`\\boxed{${letter}}`);
      expect(grade?.components.map(({ name }) => name)).toContain('faithfulness');
    }
    expect(right).toBeGreaterThan(0);
    expect(await read('first', 'report.html')).toContain('<h1>intern on cases.jsonl</h1>');
  });

  test('gives the same bytes again, and another model beside them', async () => {
    const baseline = ['--baseline', join('first', 'report.json')];
    const { lines } = await evaluated(['--out', 'again', '--verifier', 'bedside', ...baseline]);

    expect(await read('again', 'predictions.jsonl')).toBe(await read('first', 'predictions.jsonl'));
    expect(lines).toContainEqual(
      expect.stringContaining("accuracy less the baseline's on 5 common questions: +0.0 points"),
    );
    expect(lines).toContainEqual(
      expect.stringContaining("McNemar's test, exact: 0 right by the model alone"),
    );
  });

  test('a sample depends on its question and its index alone', async () => {
    const sampled = ['--temperature', '1', '--top-p', '0.95', '--max-tokens', '40', '--profile', 'none'];
    await evaluated(['--out', 'few', '--samples', '2', '--limit', '2', ...sampled]);
    const { lines } = await evaluated(['--out', 'more', '--samples', '4', '--limit', '3', ...sampled]);
    await evaluated(['--out', 'other', '--samples', '2', '--limit', '2', '--seed', '2', ...sampled]);

    const [few, more, other] = await Promise.all(
      ['few', 'more', 'other'].map((name) => predictions(name, 'predictions.jsonl')),
    );
    const shared = more?.filter(({ id, sample }) =>
      few?.some((one) => one.id === id && one.sample === sample),
    );
    expect(few).toHaveLength(4);
    expect(shared).toEqual(few);
    expect(other).not.toEqual(few);
    expect(few?.every(({ grade, tokens }) => grade === null && tokens <= 40)).toBe(true);
    expect(lines.map((line) => line.slice(0, 20).trim())).toEqual(
      expect.arrayContaining(['majority vote', 'pass@1', 'pass@4']),
    );
  });

  test('samples a baseline, and asks two judges, whose key stays out of everything', async () => {
    const key = 'key-0123456789-secret';
    await using server = await judgeEndpoint(({ body }) =>
      completionOf(body.model === 'strict' ? '<count>1</count>' : 'I cannot say.'),
    );
    const env = { RESIDENCY_JUDGE_URL: server.url, RESIDENCY_JUDGE_API_KEY: key };
    const adapters = ['--adapter', 'adapter.safetensors', '--baseline-adapter', 'none'];
    const judges = ['--judge', 'strict', '--second-judge', 'vague'];

    const { lines, statuses } = await evaluated(
      ['--out', 'judged', '--limit', '2', ...adapters, ...judges, '--json'],
      { env },
    );

    const figures = JSON.parse(lines.join('\n'));
    expect(lines).toHaveLength(1);
    // One question to each judge beforehand, then 8 measures of 2 completions of 2 models by each.
    expect(server.requests).toHaveLength(2 + 2 * 8 * 2 * 2);
    expect(server.requests.every(({ headers }) => headers.authorization === `Bearer ${key}`)).toBe(true);
    expect(figures).toMatchObject({
      comparison: { questions: 2 },
      model: { name: 'intern', adapter: { name: 'adapter' } },
    });
    expect(figures.baseline.model.adapter).toBeNull();
    expect(figures.results.judged.judges).toMatchObject([
      {
        judge: 'strict',
        measures: expect.arrayContaining([
          expect.objectContaining({ measure: 'subgoals', mean: 1, counted: 2 }),
        ]),
      },
      {
        judge: 'vague',
        measures: expect.arrayContaining([
          expect.objectContaining({ measure: 'subgoals', mean: null, unparsable: 2 }),
        ]),
      },
    ]);
    expect(statuses.at(-1)).toBe('baseline: judged 2 of 2 completions');
    const [ours, theirs] = [
      await predictions('judged', 'predictions.jsonl'),
      await predictions('judged', 'baseline-predictions.jsonl'),
    ];
    expect(ours.map(({ completion }) => completion)).not.toEqual(theirs.map(({ completion }) => completion));
    expect(theirs.map(({ completion }) => completion)).toEqual(
      (await predictions('first', 'predictions.jsonl')).slice(0, 2).map(({ completion }) => completion),
    );
    for (const name of await readdir(join(folder.path, 'judged')))
      expect(await read('judged', name)).not.toContain(key);
  });

  test('stops when it is told to, and leaves nothing', async () => {
    const stop = new AbortController();
    const run = evaluated(['--out', 'stopped'], {
      stop,
      onStatus: () => stop.abort(new Error('stopped by the user')),
    });

    await expect(run).rejects.toThrow('stopped by the user');
    expect((await readdir(folder.path)).filter((name) => name.startsWith('stopped'))).toEqual([]);
  });

  const refused = [
    [['--out', 'x', '--model'], 'CLI_USAGE', "'--model"],
    [[], 'CLI_USAGE', '--out is missing, want a new folder'],
    [['--out', 'first'], 'CLI_USAGE', 'holds 3 files, want a new or empty folder'],
    [['--out', 'x', '--samples', '4'], 'CLI_USAGE', 'want a temperature above it'],
    [['--out', 'x', '--temperature', '-1'], 'CLI_USAGE', '--temperature'],
    [['--out', 'x', '--top-p', '0'], 'CLI_USAGE', '--top-p is "0", want a number above 0'],
    [['--out', 'x', '--second-judge', 'm'], 'CLI_USAGE', 'without --judge'],
    [['--out', 'x', '--judge', 'm', '--second-judge', 'm'], 'CLI_USAGE', 'want two'],
    [['--out', 'x', '--baseline', 'r', '--baseline-adapter', 'a'], 'CLI_USAGE', 'want one baseline'],
    [['--out', 'x', '--profile', 'none', '--verifier', 'bedside'], 'CLI_USAGE', '--verifier is for'],
    [['--out', 'x', '--data', 'nowhere.jsonl'], 'CLI_EVALUATION', 'nowhere.jsonl: cannot be read'],
    [['--out', 'x', '--baseline', 'cases.jsonl'], 'CLI_EVALUATION', 'not JSON, want a report.json'],
    [['--out', 'x', '--adapter', 'cases.jsonl'], 'CLI_MODEL', 'cases.jsonl'],
    [['--out', 'x', '--model', 'nowhere'], 'CLI_MODEL', 'nowhere'],
    [
      ['--out', 'x', '--max-tokens', '5000'],
      'CLI_EVALUATION',
      'the model has 512 positions, want room for 5000 new ones',
    ],
  ] as const;

  test.each(refused)('refuses %j', async (args, code, message) => {
    await expect(evaluated(args)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(await readdir(folder.path)).not.toContain('x');
  });

  const badRows = [
    ['{', 'bad.jsonl line 2: found "{", wanted a JSON object'],
    ['{"messages":[]}', 'bad.jsonl line 2: messages: found []'],
    [
      '{"messages":[{"role":"user","content":"?"}]}',
      'bad.jsonl line 2: item.gold is absent, want one capital letter',
    ],
    [
      '{"messages":[{"role":"user","content":"?"}],"gold":"A","id":"same"}',
      'bad.jsonl line 2: id same is that of line 1 too',
    ],
  ] as const;

  test.each(badRows)('names the line of the bad row %s', async (row, message) => {
    const good = '{"messages":[{"role":"user","content":"?"}],"gold":"A","id":"same"}';
    await writeFile(join(folder.path, 'bad.jsonl'), `${good}\n${row}\n`);

    await expect(evaluated(['--out', 'x', '--data', 'bad.jsonl'])).rejects.toMatchObject({
      code: 'CLI_EVALUATION',
      message: expect.stringContaining(message),
    });
  });

  test('names the line of a row that the verifier cannot read', async () => {
    await writeFile(
      join(folder.path, 'plain.jsonl'),
      '{"messages":[{"role":"user","content":"?"}],"gold":"A"}\n',
    );

    await expect(
      evaluated(['--out', 'x', '--data', 'plain.jsonl', '--verifier', 'bedside']),
    ).rejects.toMatchObject({
      code: 'CLI_EVALUATION',
      message: expect.stringContaining('plain.jsonl line 1: item.score'),
    });
  });

  test('finds out before sampling that a judge refuses', async () => {
    await using server = await judgeEndpoint(() => ({
      status: 401,
      body: '{"error":{"message":"who are you?"}}',
    }));
    const env = { RESIDENCY_JUDGE_URL: server.url, RESIDENCY_JUDGE_API_KEY: 'wrong' };

    await expect(evaluated(['--out', 'x', '--judge', 'm'], { env })).rejects.toMatchObject({
      code: 'CLI_EVALUATION',
      message: expect.stringContaining('status 401: who are you?'),
    });
    await expect(
      evaluated(['--out', 'x', '--judge', 'm'], { env: { ...env, RESIDENCY_JUDGE_URL: 'here' } }),
    ).rejects.toMatchObject({ code: 'CLI_USAGE', message: expect.stringContaining('RESIDENCY_JUDGE_URL') });
  });

  test("a key is not sent to the second judge's own address", async () => {
    await using one = await judgeEndpoint(() => completionOf('<count>0</count>'));
    await using two = await judgeEndpoint(() => ({ status: 403, body: '' }));
    const env = {
      RESIDENCY_JUDGE_URL: one.url,
      RESIDENCY_JUDGE_API_KEY: 'first',
      RESIDENCY_SECOND_JUDGE_URL: two.url,
    };

    await expect(evaluated(['--out', 'x', '--judge', 'a', '--second-judge', 'b'], { env })).rejects.toThrow(
      'status 403',
    );
    expect(one.requests[0]?.headers.authorization).toBe('Bearer first');
    expect(two.requests[0]?.headers.authorization).toBeUndefined();
  });
});

describe('loadAdapter', () => {
  test("takes the engine's own file as it is", async () => {
    const path = join(folder.path, 'adapter.safetensors');
    const bytes = await readFile(path);

    const { name, ref } = await loadAdapter(path, model);

    expect(name).toBe('adapter');
    expect(Buffer.from(ref.bytes)).toEqual(bytes);
    expect(ref.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('fills in what a PEFT adapter leaves alone, and takes its scale', async () => {
    const dir = join(folder.path, 'peft');
    const own = (await noisyAdapter()).tensors.filter(({ name }) =>
      name.includes('layers.1.self_attn.q_proj'),
    );
    await mkdir(dir);
    await writeFile(join(dir, 'adapter_model.safetensors'), writeSafetensors(own, { format: 'pt' }));
    await writeFile(
      join(dir, 'adapter_config.json'),
      JSON.stringify({
        peft_type: 'LORA',
        r: 2,
        lora_alpha: 4,
        use_rslora: true,
        target_modules: ['q_proj'],
      }),
    );

    const { entries, metadata } = parseSafetensors((await loadAdapter(dir, model)).ref.bytes, 'filled');

    expect(own).toHaveLength(2);
    expect(entries.size).toBe(3 * 7 * 2);
    // rslora: alpha / sqrt(rank) is (alpha sqrt(rank)) / rank
    expect(Number(metadata['lora_alpha'])).toBeCloseTo(4 * Math.SQRT2, 12);
  });
});
