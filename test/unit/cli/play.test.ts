import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands, playByHand } from '@residency/cli';
import { environments, generateGame, openGame } from '@residency/environments';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gamePath, householdTraces } from '../../support/household-games.js';
import { runCommand } from '../../support/run-command.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.js';
import { TINY_GAME } from '../../support/tiny-game.js';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

const played = (...args: readonly string[]) => runCommand('play', args);

const fileOf = async (name: string, text: string): Promise<string> => {
  const path = join(folder.path, name);
  await writeFile(path, text);
  return path;
};
const traces = householdTraces();

describe('residency play', () => {
  test('prints the reset and one line of JSON for each command of a file', async () => {
    const game = await fileOf('game.tw-pddl', JSON.stringify(TINY_GAME));
    const file = await fileOf('commands', 'go to shelf 1\r\n\nfly\ntake cup 1 from shelf 1\n');
    const { code, lines } = await played('household', '--game', game, '--commands', file, '--json');
    const steps = lines.map((line) => JSON.parse(line));

    expect(code).toBe(0);
    expect(steps[0]).toEqual({
      ...{ step: 0, command: null, observation: 'Your task is to: put a cup in the box.' },
      admissible: ['go to box 1', 'go to shelf 1'],
      ...{ reward: 0, done: false, won: false },
    });
    expect(steps.map(({ step, command, observation }) => [step, command, observation])).toEqual([
      [0, null, 'Your task is to: put a cup in the box.'],
      [1, 'go to shelf 1', 'On the shelf 1: a cup 2, and a cup 1.'],
      [2, 'fly', 'Nothing happens.'],
      [3, 'take cup 1 from shelf 1', 'Taken.'],
    ]);
  });

  test('plays the task of a level and seed to its end', async () => {
    const { walkthrough } = generateGame(2, 17);
    const file = await fileOf('walk', (walkthrough ?? []).join('\n'));
    const { lines } = await played('household', '--level', '2', '--seed', '17', '--commands', file, '--json');
    const plain = await played('household', '--level', '2', '--seed', '17', '--commands', file);

    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      reward: 10,
      done: true,
      won: true,
      admissible: [],
    });
    expect(plain.lines.at(-1)).toBe('The task is fulfilled; reward 10.');
    expect(plain.lines).toContain(`> ${walkthrough?.[0]}`);
  });

  test.skipIf(traces.length === 0)('replays a recorded game of over 50 commands to its goal', async () => {
    const trace = traces.find(({ steps }) => steps.length > 50);
    if (trace === undefined) throw new Error('no long trace');
    const file = await fileOf('trace', trace.steps.map(({ command }) => command).join('\n'));
    const { lines } = await played('household', '--game', gamePath(trace), '--commands', file, '--json');
    const won = lines.map((line) => JSON.parse(line).won);

    expect(won).toHaveLength(trace.steps.length + 1);
    expect(won.indexOf(true)).toBe(trace.steps.length);
  });

  test('knows every environment', async () => {
    const summary = commands.get('play')?.summary ?? '';
    for (const name of Object.keys(environments)) expect(summary).toContain(name);
    const file = await fileOf('triage', 'declare urgent\n');
    const { lines } = await played('triage', '--seed', '3', '--commands', file, '--json');
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ step: 1, done: true });
  });

  test('says what is wrong, and with which file and field', async () => {
    const bad = await fileOf('bad', JSON.stringify({ ...TINY_GAME, pddl_problem: '(define' }));
    const noField = await fileOf('no-field', JSON.stringify({ ...TINY_GAME, grammar: undefined }));
    const noJson = await fileOf('no-json', 'PDDL');
    const nowhere = join(folder.path, 'nowhere');
    const refused = [
      [['household', '--game', bad], 'CLI_PLAY', `${bad}: pddl_problem: line 1 has its end inside 1 lists`],
      [['household', '--game', noField], 'CLI_PLAY', `${noField}: grammar is missing, want a text`],
      [['household', '--game', noJson], 'CLI_PLAY', `${noJson}: game is not JSON: `],
      [['household', '--game', nowhere], 'CLI_PLAY', `${nowhere}: cannot be read: ENOENT`],
      [['household', '--commands', nowhere], 'CLI_PLAY', `${nowhere}: cannot be read: ENOENT`],
      [['household', '--level', '9'], 'CLI_USAGE', '--level is "9", want an integer from 1 to 5'],
      [
        ['kitchen'],
        'CLI_USAGE',
        '"kitchen" is no environment that can be played; want one of: play household [',
      ],
      [[], 'CLI_USAGE', '"" is no environment'],
    ] as const;

    for (const [args, code, message] of refused) {
      await expect(played(...args)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
    }
  });
});

describe('playing by hand', () => {
  test('lists what can be done on request, and stops at the end or when told to', async () => {
    const told = async (...lines: readonly string[]): Promise<string[]> => {
      const out: string[] = [];
      const terminal = {
        isInteractive: true,
        line: (text: string) => out.push(text),
        status: () => undefined,
      };
      await playByHand(openGame({ game: generateGame(1, 3) }), lines, terminal);
      return out;
    };
    const walk = generateGame(1, 3).walkthrough ?? [];

    expect((await told('?', 'quit', walk[0] ?? '')).slice(2)).toEqual(
      openGame({ game: generateGame(1, 3) })
        .observe()
        .admissible.map((option) => `  ${option}`),
    );
    expect((await told(...walk, 'look')).at(-1)).toBe('The task is fulfilled; reward 10.');
  });
});
