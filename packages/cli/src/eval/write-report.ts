import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EvaluationReport, type Outcome, predictionsOf, renderReport } from '@residency/evaluation';
import { writeFolderAtomically } from '@residency/model';

const lines = (outcomes: readonly Outcome[]): string =>
  predictionsOf(outcomes)
    .map((prediction) => `${JSON.stringify(prediction)}\n`)
    .join('');

/**
 * Writes report.json, report.html and predictions.jsonl, and baseline-predictions.jsonl where a baseline was sampled,
 * as a new folder, whole or not at all.
 * @throws ModelError `MODEL_FILE`
 */
export async function writeReport(
  dir: string,
  report: EvaluationReport,
  sampledBaseline: readonly Outcome[] | null,
): Promise<void> {
  await writeFolderAtomically(dir, async (folder) => {
    await writeFile(join(folder, 'predictions.jsonl'), lines(report.outcomes));
    if (sampledBaseline !== null)
      await writeFile(join(folder, 'baseline-predictions.jsonl'), lines(sampledBaseline));
    await writeFile(join(folder, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
    await writeFile(join(folder, 'report.html'), renderReport(report));
  });
}
