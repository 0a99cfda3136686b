import type { EvaluationSummary } from '@residency/protocol';
import { createGrader } from '@residency/rubric';
import type { JobRunner } from './platform-jobs.js';

/** What tempered completions of held-out cases are like, whatever they were trained by; means, 0 to 1 but for the reward. */
export interface ClinicalMeasures {
  readonly accuracy: number;
  /** Conclusions that rest on words of their reasoning, one of them the case's. */
  readonly crossReference: number;
  /** Findings of the case that the reasoning cites, and citations that are right. */
  readonly comprehensiveness: number;
  readonly faithfulness: number;
  /** Completions with both blocks in place. */
  readonly format: number;
  /** Total of the paper's reward. */
  readonly reward: number;
}

interface ArchivedGroup {
  readonly item: number;
  readonly samples: readonly { readonly text: string; readonly temperature: number }[];
}

/** One judge for all arms: the paper's profile, with references that must be grounded in the case. */
const judge = createGrader({
  type: 'crpo',
  name: 'judge',
  profile: 'crpo-paper',
  crossref: 'case',
  verifier: 'bedside',
  loopholes: 'off',
});

/** Grades the completions that an evaluation kept. */
export async function measure(
  { client }: JobRunner,
  summary: EvaluationSummary | null,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<ClinicalMeasures> {
  if (summary === null) throw new Error('the job was not evaluated');
  const text = new TextDecoder().decode(await client.artifact(summary.ledger_sha256));
  const groups = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ArchivedGroup); // written by the orchestrator
  const grades = groups.flatMap(({ item, samples }) =>
    samples
      .filter(({ temperature }) => temperature > 0)
      .map((sample) => judge.grade({ item: rows[item] ?? {}, completion: sample.text })),
  );
  const mean = (value: (name: (component: string) => number, total: number) => number): number =>
    grades.reduce((sum, { components, total }) => {
      const component = (name: string): number => components.find((c) => c.name === name)?.value ?? 0;
      return sum + value(component, total);
    }, 0) / grades.length;
  return {
    accuracy: mean((value) => value('accuracy')),
    crossReference: mean((value) => (value('clinical_reasoning') > 1 ? 1 : 0)),
    comprehensiveness: mean((value) => value('comprehensiveness')),
    faithfulness: mean((value) => value('faithfulness')),
    format: mean((value) => (value('clinical_reasoning') > 0 ? 1 : 0)),
    reward: mean((_, total) => total),
  };
}
