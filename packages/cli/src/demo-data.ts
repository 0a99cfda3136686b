import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { caseRow, casesFrom, type Split } from '@residency/bedside';
import type { DemoSettings } from './demo-settings.js';

export interface DemoData {
  readonly trainingPath: string;
  readonly heldOutPath: string;
}

function rows(seed: number, split: Split, count: number): string {
  return casesFrom({ seed, split }, 0, count)
    .map((bedside) => `${JSON.stringify(caseRow(bedside))}\n`)
    .join('');
}

/** Writes the training and the held-out data set; no case is in both. */
export async function writeDemoData(dir: string, settings: DemoSettings): Promise<DemoData> {
  const trainingPath = join(dir, 'training.jsonl');
  const heldOutPath = join(dir, 'held-out.jsonl');
  await mkdir(dir, { recursive: true });
  await writeFile(trainingPath, rows(settings.seed, 'train', settings.trainingCases));
  await writeFile(heldOutPath, rows(settings.seed, 'held-out', settings.heldOutCases));
  return { trainingPath, heldOutPath };
}
