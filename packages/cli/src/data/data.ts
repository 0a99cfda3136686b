import type { Command } from '../command.js';
import { CliError } from '../errors.js';
import { convert } from './convert.js';
import { reportRows } from './report-rows.js';
import { splitRows } from './split-rows.js';
import { traces } from './traces.js';

type Task = 'convert' | 'report' | 'split' | 'traces';

/** Every task of the command, by its name. */
const tasks: { readonly [T in Task]: Command } = { convert, report: reportRows, split: splitRows, traces };

const isTask = (name: string): name is Task => Object.hasOwn(tasks, name);

/** `residency data`: question sets made ready for training. */
export const data: Command = {
  summary:
    'data convert|report|split|traces ...: read question sets, check and split them; data --help says how',
  async run([name = '', ...args], context) {
    if (isTask(name)) return await tasks[name].run(args, context);
    const list = Object.values(tasks).map(({ summary }) => `  residency data ${summary}`);
    const usage = ['usage:', ...list].join('\n');
    if (name !== '--help' && name !== 'help') {
      const found = name === '' ? 'nothing' : JSON.stringify(name);
      throw new CliError(
        'CLI_USAGE',
        `data: found ${found}, want ${Object.keys(tasks).join(', ')}\n${usage}`,
      );
    }
    context.terminal.line(usage);
    return 0;
  },
};
