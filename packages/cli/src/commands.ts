import type { Command } from './command.js';
import { demo } from './demo.js';
import { doctor } from './doctor.js';
import { evaluate } from './eval/eval.js';
import { exportModel } from './export.js';
import { importModel } from './import-model.js';
import { pretrain } from './pretrain/pretrain.js';
import { start } from './start.js';

/** Every command by its name, in the order of the list that the usage shows. */
export const commands: ReadonlyMap<string, Command> = new Map([
  ['start', start],
  ['demo', demo],
  ['import', importModel],
  ['pretrain', pretrain],
  ['eval', evaluate],
  ['export', exportModel],
  ['doctor', doctor],
]);
