import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commands } from '@residency/cli';
import { describe, expect, test } from 'vitest';
import { lines } from '../../support/data-source.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Runs the command in a folder, as npm does with scripts. */
async function runData(here: string, args: readonly string[]) {
  const shown: string[] = [];
  const code = await commands.get('data')?.run(args, {
    terminal: { isInteractive: false, line: (text) => void shown.push(text), status: () => undefined },
    env: { INIT_CWD: here },
    signal: new AbortController().signal,
    hurry: new AbortController().signal,
  });
  return { code, shown };
}

const medqa = (at: number, change: object = {}) => ({
  question: `A man of ${at} years has had a fever of ${at} days and a stiff neck. Which drug?`,
  options: { A: 'Rest', B: 'Ceftriaxone' },
  answer_idx: 'B',
  ...change,
});

const write = (folder: TemporaryFolder, name: string, rows: readonly unknown[]) =>
  writeFile(join(folder.path, name), lines(rows));

async function read(folder: TemporaryFolder, name: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(folder.path, name), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

describe('residency data convert', () => {
  test('writes training rows with the prompt that is asked for', async () => {
    await using folder = await temporaryFolder();
    await write(folder, 'in.jsonl', [medqa(1), medqa(2)]);

    const { code, shown } = await runData(folder.path, [
      ...['convert', '--format', 'medqa', '--in', 'in.jsonl', '--out', 'out.jsonl', '--prompt', 'think'],
    ]);

    expect({ code, shown }).toEqual({ code: 0, shown: ['2 rows written to out.jsonl'] });
    const rows = await read(folder, 'out.jsonl');
    expect(rows.map(({ id, gold, source }) => [id, gold, source])).toEqual([
      ['medqa-1', 'B', 'medqa'],
      ['medqa-2', 'B', 'medqa'],
    ]);
    expect(JSON.stringify(rows[0]?.['messages'])).toContain('<think>');
  });

  test('leaves the old file and nothing else where a row is bad', async () => {
    await using folder = await temporaryFolder();
    await write(folder, 'in.jsonl', [medqa(1), medqa(2, { answer_idx: 'C' })]);
    await writeFile(join(folder.path, 'out.jsonl'), 'old');

    const converting = runData(folder.path, [
      'convert',
      '--format=medqa',
      '--in=in.jsonl',
      '--out=out.jsonl',
    ]);

    await expect(converting).rejects.toMatchObject({
      code: 'CLI_DATA',
      message: 'in.jsonl line 2: answer_idx: found "C", wanted one of A, B',
    });
    expect(await readFile(join(folder.path, 'out.jsonl'), 'utf8')).toBe('old');
    expect((await readdir(folder.path)).sort()).toEqual(['in.jsonl', 'out.jsonl']);
  });

  test('counts and names bad rows where it is to skip them', async () => {
    await using folder = await temporaryFolder();
    const bad = Array.from({ length: 25 }, () => medqa(1, { question: '' }));
    await write(folder, 'in.jsonl', [...bad, 7, medqa(3)]);

    const { shown } = await runData(folder.path, [
      ...['convert', '--format', 'medqa', '--in', 'in.jsonl', '--out', 'out.jsonl', '--skip-bad-rows'],
    ]);

    expect(shown[0]).toBe('26 bad rows left out: DATA_ROW 26');
    expect(shown[1]).toBe('  in.jsonl line 1: question: found "", wanted a text that is not blank');
    expect(shown.slice(-2)).toEqual(['  and 6 more', '1 rows written to out.jsonl']);
  });

  test('leaves out ids and images as asked', async () => {
    await using folder = await temporaryFolder();
    const messages = [{ role: 'user', content: 'Which?' }];
    await write(folder, 'in.jsonl', [
      { messages, id: 'a' },
      { messages, id: 'b' },
      { messages, id: 'c', image: 'x.png' },
    ]);
    await writeFile(join(folder.path, 'ids.json'), '{"a":"yes"}');
    const convert = async (...more: string[]) => {
      await runData(folder.path, ['convert', '--in', 'in.jsonl', '--out', 'out.jsonl', ...more]);
      return (await read(folder, 'out.jsonl')).map(({ id }) => id);
    };

    expect(await convert('--without', 'ids.json')).toEqual(['b', 'c']);
    expect(await convert('--only', 'ids.json')).toEqual(['a']);
    expect(await convert('--drop-images')).toEqual(['a', 'b']);
  });
});

describe('residency data report', () => {
  test('says what the files hold and what leaks, in words and as JSON lines', async () => {
    await using folder = await temporaryFolder();
    await write(folder, 't.jsonl', [medqa(1), medqa(2)]);
    await write(folder, 'e.jsonl', [{ ...medqa(1), id: 9, context: [], answer: 'Ceftriaxone' }]);
    const args = [
      'report',
      '--format',
      'medqa',
      '--train',
      't.jsonl',
      '--eval',
      'e.jsonl',
      '--eval-format',
      'mediq',
    ];

    const { code, shown } = await runData(folder.path, args);
    const json = await runData(folder.path, [...args, '--json']);

    expect(code).toBe(0);
    expect(shown).toContain('train: t.jsonl, 2 rows');
    expect(shown).toContain('answers: B 2 (100.0 %)');
    expect(shown).toContain('1 questions asked more than once, 1 between train and eval');
    expect(shown).toContain('  train row 1 medqa-1, eval row 1 9, same options');
    const records = json.shown.map((line) => JSON.parse(line));
    expect(records.map(({ kind }) => kind)).toEqual(['part', 'part', 'duplicate', 'comparison']);
    expect(records[0]).toMatchObject({ part: 'train', rows: 2, answers: { B: 2 }, tokens: null });
  });

  test('counts tokens as the model gets them and lists rows that do not fit', async () => {
    await using folder = await temporaryFolder();
    const long = 'pressure '.repeat(300);
    await write(folder, 't.jsonl', [
      { messages: [{ role: 'user', content: 'Heart rate?' }], id: 'short' },
      { messages: [{ role: 'user', content: long }], id: 'long' },
    ]);
    const tokenizer = join(root, 'models', 'intern');

    const { shown } = await runData(folder.path, [
      ...['report', '--train', 't.jsonl', '--tokenizer', tokenizer, '--max-tokens', '300', '--json'],
    ]);

    const part = JSON.parse(shown[0] ?? '');
    expect(part.tokens.min).toBeGreaterThan(2);
    expect(part.tokens.max).toBeGreaterThan(300);
    expect(part.overLimit).toEqual([{ id: 'long', row: 2, tokens: part.tokens.max }]);
  });

  test('tells of a tokenizer folder that is none', async () => {
    await using folder = await temporaryFolder();
    await write(folder, 't.jsonl', [medqa(1)]);

    await expect(
      runData(folder.path, ['report', '--train', 't.jsonl', '--tokenizer', '.']),
    ).rejects.toMatchObject({
      code: 'CLI_DATA',
      message: expect.stringContaining('tokenizer.json is absent'),
    });
  });
});

describe('residency data split', () => {
  const rows = Array.from({ length: 300 }, (_, at) => ({
    messages: [{ role: 'user', content: `Case ${at}` }],
    id: `c-${at}`,
  }));

  test('writes every line once, as it was, and the same parts from another order', async () => {
    await using folder = await temporaryFolder();
    await write(folder, 'in.jsonl', rows);
    await write(folder, 'turned.jsonl', rows.toReversed());
    const split = async (name: string) => {
      const { shown } = await runData(folder.path, [
        ...[
          'split',
          '--in',
          name,
          '--train',
          't.jsonl',
          '--eval',
          'e.jsonl',
          '--share',
          '0.2',
          '--seed',
          '5',
        ],
      ]);
      return { shown, train: await read(folder, 't.jsonl'), held: await read(folder, 'e.jsonl') };
    };

    const first = await split('in.jsonl');
    const turned = await split('turned.jsonl');

    expect(first.shown).toEqual([
      `${first.train.length} rows written to t.jsonl, ${first.held.length} to e.jsonl`,
    ]);
    expect([...first.train, ...first.held].map(({ id }) => id).sort()).toEqual(
      rows.map(({ id }) => id).sort(),
    );
    // Four standard deviations around 60 of 300: sqrt(300 * 0.2 * 0.8) = 6.9.
    expect(Math.abs(first.held.length - 60)).toBeLessThan(28);
    expect(turned.held.toReversed()).toEqual(first.held);
    expect(first.held[0]).toEqual(rows.find(({ id }) => id === first.held[0]?.['id']));
  });

  test('keeps near-duplicates together where it is to', async () => {
    await using folder = await temporaryFolder();
    const story = (family: number) => Array.from({ length: 40 }, (_, at) => `f${family}w${at}`);
    const families = Array.from({ length: 30 }, (_, family) => [
      story(family),
      story(family).with(20, 'other'),
    ]).flat();
    await write(
      folder,
      'in.jsonl',
      families.map((words, at) => ({
        messages: [{ role: 'user', content: words.join(' ') }],
        id: `${Math.floor(at / 2)}`,
      })),
    );

    await runData(folder.path, [
      'split',
      '--in',
      'in.jsonl',
      '--train',
      't.jsonl',
      '--eval',
      'e.jsonl',
      '--share',
      '0.5',
      '--keep-near',
    ]);

    const [train, held] = [await read(folder, 't.jsonl'), await read(folder, 'e.jsonl')];
    const heldIds = new Set(held.map(({ id }) => id));
    expect(train.length + held.length).toBe(60);
    expect(heldIds.size).toBeGreaterThan(0);
    expect(train.filter(({ id }) => heldIds.has(id))).toEqual([]);
  });

  test('writes neither file where one cannot be made', async () => {
    await using folder = await temporaryFolder();
    await write(folder, 'in.jsonl', rows);

    const splitting = runData(folder.path, [
      'split',
      '--in',
      'in.jsonl',
      '--train',
      't.jsonl',
      '--eval',
      'no/e.jsonl',
      '--share',
      '0.2',
    ]);

    await expect(splitting).rejects.toMatchObject({ code: 'CLI_DATA' });
    expect(await readdir(folder.path)).toEqual(['in.jsonl']);
  });
});

describe('residency data traces', () => {
  const trace = '<think>Pus \\boxed{B}</think><answer>Pus, so B. \\boxed{B}</answer>';

  test('writes CRPO traces and says what it changed', async () => {
    await using folder = await temporaryFolder();
    const choices = { A: 'Rest', B: 'Ceftriaxone' };
    await write(folder, 'in.jsonl', [
      { question: 'Which drug?', choices, gold: 'A', completion: trace },
      {
        messages: [
          { role: 'user', content: 'Which?' },
          { role: 'assistant', content: trace },
        ],
      },
      { question: 'Which drug?', completion: 'B' },
    ]);

    const { code, shown } = await runData(folder.path, [
      'traces',
      '--in',
      'in.jsonl',
      '--out',
      'out.jsonl',
      '--skip-bad-rows',
    ]);

    expect(code).toBe(0);
    expect(shown).toEqual([
      '1 bad rows left out: no-think 1',
      expect.stringContaining(
        'in.jsonl line 3: completion: found a trace where the text does not begin with <think>',
      ),
      '2 traces written to out.jsonl',
      '1 keep their own prompt: no question beside the chat',
      '2 had boxes in their reasoning, which were opened',
      '1 end with a wrong letter; --right-only refuses them',
    ]);
    const [row] = await read(folder, 'out.jsonl');
    expect(JSON.stringify(row)).toContain(
      '<dx>\\nPus B\\n</dx>\\n<conclusion>\\nPus, so B. \\\\boxed{B}\\n</conclusion>',
    );
  });
});

describe('residency data', () => {
  const misunderstood = [
    [[], 'data: found nothing, want convert, report, split, traces'],
    [['toString'], 'data: found "toString", want convert'],
    [['convert', '--in', 'a'], '--out is missing'],
    [['convert', '--in', 'a', '--out', 'b', '--format', 'csv'], '--format is "csv", want chat or headqa'],
    [['report', '--train', 'a', '--max-tokens', '9'], '--max-tokens needs --tokenizer'],
    [['split', '--in', 'a', '--train', 'b', '--eval', './b', '--share', '0.1'], 'name the same file'],
    [
      ['split', '--in', 'a', '--train', 'b', '--eval', 'c', '--share', '1'],
      '--share is "1", want a number above 0',
    ],
    [['split', '--in', 'a', '--train', 'b', '--eval', 'c'], '--share is missing'],
  ] as const;

  test.each(misunderstood)('does not understand %j', async (args, message) => {
    await expect(runData('/', args)).rejects.toMatchObject({
      code: 'CLI_USAGE',
      message: expect.stringContaining(message),
    });
  });

  test('lists its tasks', async () => {
    const { code, shown } = await runData('/', ['--help']);

    expect(code).toBe(0);
    expect(shown.join('\n').match(/residency data (convert|report|split|traces) /g)).toHaveLength(4);
  });

  test('ends with exit code 1 and one line for a bad file', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'in.jsonl'), 'question: x');
    const main = join(root, 'packages/cli/src/main.ts');
    const node = ['--import', 'tsx', '--conditions=source', main, 'data', 'report', '--train', 'in.jsonl'];

    const { status, stdout, stderr } = spawnSync(process.execPath, node, {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, INIT_CWD: folder.path },
    });

    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: 'in.jsonl line 1: found "question: x", wanted JSON\n',
    });
  });
});
