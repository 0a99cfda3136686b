import { readFileSync } from 'node:fs';
import {
  buildReport,
  type DataError,
  type DataReport,
  type FormatName,
  NearSplit,
  PartSurvey,
  type QuestionRow,
  readIds,
  type SurveyOptions,
  trainingRow,
} from '@residency/data';
import { parseRow } from '@residency/storage';
import { describe, expect, test } from 'vitest';
import { fileSource, readAll } from '../../support/data-source.js';
import { jsonRows, referenceFile } from '../../support/reference-data.js';

/** Rows and answers as the data sets' README and CRPO specification 5.2 count them. */
const sets: readonly (readonly [string, FormatName, number, Readonly<Record<string, number>>])[] = [
  ['medqa_dev.jsonl', 'medqa', 1_272, { A: 256, B: 279, C: 245, D: 278, E: 214 }],
  ['medmcqa_dev.jsonl', 'medmcqa', 4_183, { A: 1_348, B: 1_085, C: 925, D: 825 }],
  ['pubmedqa_pqal.json', 'pubmedqa', 1_000, { A: 552, B: 338, C: 110 }],
  // Right answers by number, counted in the file.
  ['headqa_en.json', 'headqa', 6_765, { A: 1_525, B: 1_656, C: 1_674, D: 1_492, E: 418 }],
];
const files = [
  ...sets.map(([name]) => name),
  'medxpertqa_sampled_text.jsonl',
  'mediq_dev.jsonl',
  'mediq_craft_md.jsonl',
];
const truth = referenceFile('datasets', 'pubmedqa_test_ground_truth.json');
const paths = new Map(files.map((name) => [name, referenceFile('datasets', name)] as const));
const isPresent = truth !== null && [...paths.values()].every((path) => path !== null);

const rowsOf = async (name: string, format: FormatName, onBadRow?: (error: DataError) => void) =>
  await readAll(
    fileSource(paths.get(name) ?? expect.unreachable(name)),
    format,
    onBadRow === undefined ? {} : { onBadRow },
  );

async function surveyOf(name: string, format: FormatName, options: SurveyOptions = {}): Promise<PartSurvey> {
  const survey = new PartSurvey(name, options);
  for (const { row, ordinal } of await rowsOf(name, format)) survey.add(row, ordinal);
  return survey;
}

/** Pairs of rows of different parts that are the same question or nearly. */
const leaksOf = ({ duplicates, nearDuplicates }: DataReport): string[] =>
  [...duplicates, ...nearDuplicates]
    .filter(({ isLeak }) => isLeak)
    .flatMap(({ rows }) => {
      const [train, held] = (['train', 'eval'] as const).map((part) =>
        rows.filter((row) => row.part === part),
      );
      return (train ?? []).flatMap((a) => (held ?? []).map((b) => `${a.id} ${b.id}`));
    });

describe.runIf(isPresent)('public question sets', () => {
  test.each(sets)('%s: %s, %i rows with their answers', async (name, format, rows, answers) => {
    const report = (await surveyOf(name, format)).report();

    expect(report).toMatchObject({ rows, answers, unlabelled: 0, repeatedIds: [] });
  });

  test('MedXpertQA: 244 rows of ten options, whose questions end before the answer choices', async () => {
    const rows = (await rowsOf('medxpertqa_sampled_text.jsonl', 'medxpertqa')).map(({ row }) => row);

    expect(rows).toHaveLength(244);
    expect(new Set(rows.map(({ options }) => Object.keys(options).join('')))).toEqual(
      new Set(['ABCDEFGHIJ']),
    );
    expect(rows.filter(({ question }) => question.includes('Answer Choices:'))).toEqual([]);
  });

  test('HEAD-QA: 165 items need an image, 4,108 have four options', async () => {
    const rows = (await rowsOf('headqa_en.json', 'headqa')).map(({ row }) => row);

    expect(rows.filter(({ image }) => image !== undefined)).toHaveLength(165);
    expect(rows.filter(({ options }) => Object.keys(options).length === 4)).toHaveLength(4_108);
  });

  test('PubMedQA: the published test half is 500 of the ids, with the same answers', async () => {
    const path = truth ?? expect.unreachable();
    const ids = await readIds(fileSource(path));
    // The file's shape is the published one; a wrong one fails the comparison below.
    const answers = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    const rows = (await rowsOf('pubmedqa_pqal.json', 'pubmedqa'))
      .map(({ row }) => row)
      .filter(({ id }) => ids.has(id));

    expect(rows).toHaveLength(500);
    expect(rows.filter(({ id, options, answer }) => options[answer ?? ''] !== answers[id])).toEqual([]);
  });

  test('CRAFT-MD: the two rows whose answer is not the keyed option are refused by name', async () => {
    const bad: string[] = [];
    const rows = await rowsOf('mediq_craft_md.jsonl', 'mediq', ({ problem }) =>
      bad.push(`${problem.place} ${problem.field}`),
    );

    expect(rows).toHaveLength(138);
    // Ids 112 and 129: ids count from 0, lines from 1.
    expect(bad).toEqual(['line 113 answer', 'line 130 answer']);
  });

  test('every row becomes a row that a training job takes', async () => {
    for (const [name, format] of sets) {
      for (const { row, ordinal } of await rowsOf(name, format)) {
        const { item } = parseRow(JSON.stringify(trainingRow(row)), name, ordinal);
        expect(item).toMatchObject({ gold: row.answer, choices: row.options });
      }
    }
  });
});

describe.runIf(isPresent)('known overlaps of public question sets', () => {
  test('every MediQ row is the MedQA row of its number, found as a leak; no other row is one but for a pair of MedQA', async () => {
    const report = buildReport(
      await surveyOf('medqa_dev.jsonl', 'medqa'),
      await surveyOf('mediq_dev.jsonl', 'mediq'),
    );
    const leaks = leaksOf(report);
    const diagonal = Array.from({ length: 1_272 }, (_, at) => `medqa-${at + 1} ${at}`);

    expect(diagonal.filter((pair) => !leaks.includes(pair))).toEqual([]);
    // MedQA rows 668 and 1179 are near-duplicates of one another.
    expect(leaks.filter((pair) => !diagonal.includes(pair)).sort()).toEqual([
      'medqa-1179 667',
      'medqa-668 1178',
    ]);
    expect(report.crowded).toBe(0);
  });

  test('MedXpertQA Text-576 is MedQA row 185, counted from 0', async () => {
    const report = buildReport(
      await surveyOf('medqa_dev.jsonl', 'medqa'),
      await surveyOf('medxpertqa_sampled_text.jsonl', 'medxpertqa'),
    );

    expect(leaksOf(report)).toEqual(['medqa-186 Text-576']);
  });

  test('MedMCQA: 20 rows repeat an earlier question, as an independent count has it', async () => {
    interface Raw {
      readonly question: string;
    }
    const stems = jsonRows<Raw>(paths.get('medmcqa_dev.jsonl') ?? null).map(({ question }) =>
      question
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, ' ')
        .trim(),
    );

    const { repeats } = (await surveyOf('medmcqa_dev.jsonl', 'medmcqa')).report();

    expect(stems.length - new Set(stems).size).toBe(20);
    expect(repeats.question).toBe(20);
    expect(repeats.item).toBeGreaterThanOrEqual(12);
    expect(repeats.item).toBeLessThan(20);
  });

  test('near-duplicates of MedMCQA are all pairs that a comparison of everything with everything finds', async () => {
    const survey = await surveyOf('medmcqa_dev.jsonl', 'medmcqa');
    const sketches = survey.sketches.slice(0, 1_500);
    const wanted: string[] = [];
    for (const [at, a] of sketches.entries()) {
      for (const b of sketches.slice(0, at)) {
        if (a.caseHash === b.caseHash) continue;
        const set = new Set(a.shingles);
        const shared = b.shingles.filter((shingle) => set.has(shingle)).length;
        if (shared / (a.shingles.length + b.shingles.length - shared) >= 0.6) wanted.push(`${b.id} ${a.id}`);
      }
    }
    const inside = new Set(sketches.map(({ id }) => id));

    const found = buildReport(survey, null)
      .nearDuplicates.map(({ rows: [a, b] }) => [a.id, b.id])
      .filter((ids) => ids.every((id) => inside.has(id)))
      .map((ids) => ids.join(' '));

    expect(wanted.length).toBeGreaterThan(3);
    expect(found.sort()).toEqual(wanted.sort());
  });

  test('kept together, MediQ and MedQA rows of one case fall in one part', async () => {
    const medqa = (await rowsOf('medqa_dev.jsonl', 'medqa')).map(({ row }) => row);
    const mediq = (await rowsOf('mediq_dev.jsonl', 'mediq')).map(({ row }) => row);
    const split = new NearSplit({ share: 0.2 });
    for (const row of [...mediq, ...medqa]) split.add(row);
    const parts = (rows: readonly QuestionRow[]) => rows.map((row) => split.partOf(row));

    expect(parts(medqa)).toEqual(parts(mediq));
    expect(Math.abs(parts(medqa).filter((part) => part === 'eval').length / 1_272 - 0.2)).toBeLessThan(0.045);
  });
});
