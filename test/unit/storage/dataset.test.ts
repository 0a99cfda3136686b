import { DatasetCache, FileStore, parseRow, putBytes, readRows } from '@residency/storage';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.js';

const row = (text: string, extra: object = {}): string =>
  JSON.stringify({ messages: [{ role: 'user', content: text }], ...extra });

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size = 7): Promise<{ line: number; content: string }[]> {
  const rows: { line: number; content: string }[] = [];
  for await (const { line, row: parsed } of readRows(pieces(text, size), 'training_file')) {
    rows.push({ line, content: parsed.messages[0]?.content ?? '' });
  }
  return rows;
}

describe('parseRow', () => {
  it('takes the messages as the prompt and the whole row as the item', () => {
    const parsed = parseRow(row('Which?', { gold: 'A', choices: { A: 'x' } }), 'training_file', 1);

    expect(parsed).toEqual({
      messages: [{ role: 'user', content: 'Which?' }],
      targets: [],
      item: { messages: [{ role: 'user', content: 'Which?' }], gold: 'A', choices: { A: 'x' } },
    });
  });

  it.each([
    ['{', 'found "{", wanted a JSON object'],
    ['[1]', 'found [1], wanted a JSON object'],
    ['{}', 'messages: found nothing, wanted a list of messages'],
    ['{"messages":[]}', 'messages: found [], wanted a list of messages'],
    ['{"messages":[{"role":"doctor","content":"x"}]}', 'messages[0].role: found "doctor", wanted one of'],
    ['{"messages":[{"role":"user","content":5}]}', 'messages[0].content: found 5, wanted a text'],
    [
      '{"messages":[{"role":"user","content":"x","name":"y"}]}',
      'messages[0].name: found a key that is not read',
    ],
    [
      '{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}',
      'messages: found a last message of "assistant"',
    ],
  ])('refuses %s, naming line and problem', (text, problem) => {
    expect(() => parseRow(text, 'training_file', 12)).toThrow(
      expect.objectContaining({
        code: 'invalid_dataset',
        param: 'training_file',
        message: expect.stringContaining(`training_file line 12: ${problem}`),
      }),
    );
  });
});

describe('rows to learn from', () => {
  const user = { role: 'user', content: 'Which?' };
  const assistant = (content: string) => ({ role: 'assistant', content });
  const parsed = (value: unknown, method: 'supervised' | 'dpo') =>
    parseRow(JSON.stringify(value), 'training_file', 3, method);

  it('are a prompt and its answer', () => {
    const system = { role: 'system', content: 'Be brief.' };
    expect(parsed({ messages: [system, user, assistant('A')], gold: 'A' }, 'supervised')).toEqual({
      messages: [system, user],
      targets: ['A'],
      item: { messages: [system, user], gold: 'A' },
    });
  });

  it('are a prompt, the better answer and the worse one', () => {
    const value = {
      input: { messages: [user] },
      preferred_output: [assistant('A')],
      non_preferred_output: [assistant('B')],
    };
    expect(parsed(value, 'dpo')).toMatchObject({ messages: [user], targets: ['A', 'B'] });
  });

  it.each([
    [
      { messages: [user] },
      'supervised',
      'messages: found a last message of "user", wanted one of the assistant',
    ],
    [
      { messages: [assistant('A')] },
      'supervised',
      'messages before the last: found a last message of nothing',
    ],
    [{ messages: [user, assistant('')] }, 'supervised', 'messages[1].content: found ""'],
    [{ messages: [user] }, 'dpo', 'input: found nothing, wanted an object'],
    [{ input: { messages: [assistant('x')] } }, 'dpo', 'input.messages: found a last message of "assistant"'],
    [{ input: { messages: [user] }, preferred_output: 'A' }, 'dpo', 'preferred_output: found "A"'],
    [
      { input: { messages: [user] }, preferred_output: [assistant('A')], non_preferred_output: [user] },
      'dpo',
      'non_preferred_output: found',
    ],
  ] as const)('are refused with the line: %j', (value, method, message) => {
    expect(() => parsed(value, method)).toThrow(`training_file line 3: ${message}`);
  });
});

describe('readRows', () => {
  it('reads lines however the bytes are cut, with a last line that is not ended', async () => {
    const text = `${row('älter als 60')}\n\n${row('zwei')}\r\n${row('drei')}`;

    for (const size of [1, 2, 3, 50, 10_000]) {
      expect(await read(text, size)).toEqual([
        { line: 1, content: 'älter als 60' },
        { line: 3, content: 'zwei' },
        { line: 4, content: 'drei' },
      ]);
    }
  });

  it('names the line of the file, blank ones counted', async () => {
    await expect(read(`${row('a')}\n\nbroken\n`)).rejects.toThrow(/training_file line 3: found "broken"/);
  });

  it('refuses a file without rows and a line without end', async () => {
    await expect(read('\n \n')).rejects.toThrow(/found no rows/);
    await expect(read('x'.repeat(1024 * 1024 + 1), 100_000)).rejects.toThrow(
      /line 1: found more than 1048576 characters/,
    );
  });
});

describe('DatasetCache', () => {
  it('finds rows by number and says when there is none', async () => {
    await using folder = await temporaryFolder();
    const store = await FileStore.open(folder.path);
    const { sha256 } = await putBytes(store, Buffer.from(`${row('a')}\n${row('b', { gold: 'B' })}\n`));
    const cache = new DatasetCache(store);

    expect((await cache.row(sha256, 1, 'reinforcement')).item).toMatchObject({ gold: 'B' });
    await expect(cache.row(sha256, 2, 'reinforcement')).rejects.toMatchObject({ code: 'invalid_dataset' });
  });

  it('tries again after a failure and keeps no more than its limit', async () => {
    await using folder = await temporaryFolder();
    const store = await FileStore.open(folder.path);
    const cache = new DatasetCache(store, 1);
    const late = Buffer.from(`${row('late')}\n`);
    const { sha256: name } = await putBytes(store, late);
    await store.delete(name);

    await expect(cache.row(name, 0, 'reinforcement')).rejects.toMatchObject({ code: 'artifact_not_found' });
    await putBytes(store, late);
    await expect(cache.row(name, 0, 'reinforcement')).resolves.toMatchObject({
      messages: [{ content: 'late' }],
    });
    const { sha256: other } = await putBytes(store, Buffer.from(`${row('other')}\n`));
    await cache.row(other, 0, 'reinforcement');
    await store.delete(name);
    await expect(cache.row(name, 0, 'reinforcement')).rejects.toMatchObject({ code: 'artifact_not_found' });
  });
});
