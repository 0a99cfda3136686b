import { advantages } from './advantages/advantages.js';
import type { Command } from './command.js';
import { data } from './data/data.js';
import { demo } from './demo.js';
import { doctor } from './doctor.js';
import { evaluate } from './eval/eval.js';
import { exportModel } from './export.js';
import { gradeCommand } from './grade/grade.js';
import { importModel } from './import-model.js';
import { play } from './play/play.js';
import { pretrain } from './pretrain/pretrain.js';
import { start } from './start.js';

/** Every command by its name, in the order of the list that the usage shows. */
export const commands: ReadonlyMap<string, Command> = new Map([
  ['start', start],
  ['demo', demo],
  ['import', importModel],
  ['data', data],
  ['pretrain', pretrain],
  ['eval', evaluate],
  ['export', exportModel],
  ['grade', gradeCommand],
  ['advantages', advantages],
  ['play', play],
  ['doctor', doctor],
]);
