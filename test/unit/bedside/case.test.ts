import type { BedsideCase, ScoreName } from '@residency/bedside';
import {
  canonicalContent,
  caseAt,
  casePrompt,
  casesFrom,
  LETTERS,
  SCORE_NAMES,
  SCORES,
  splitOf,
} from '@residency/bedside';
import { describe, expect, it } from 'vitest';

const COUNT = 3000;
const train = casesFrom({ seed: 1, split: 'train' }, 0, COUNT);
const heldOut = casesFrom({ seed: 1, split: 'held-out' }, 0, COUNT);

/** Each score recomputed from the vignette's own values by the published rule, without the score tables. */
const POSITIVE: ReadonlySet<string> = new Set([
  'confused',
  ...['failing', 'hypertensive', 'diabetic', 'diseased', 'prior', 'female'],
  ...['active', 'paretic', 'bedbound', 'tender', 'swollen', 'pitting', 'dilated', 'documented'],
]);
const isPositive = (value: string): boolean => POSITIVE.has(value);

const RULES: Readonly<Record<ScoreName, (value: (criterion: string) => string) => number>> = {
  curb65: (value) => {
    const [systolic = 0, diastolic = 0] = value('pressure').split('/').map(Number);
    return (
      Number(isPositive(value('confusion'))) +
      Number(Number(value('urea')) > 19) +
      Number(Number(value('respiration')) >= 30) +
      Number(systolic < 90 || diastolic <= 60) +
      Number(Number(value('age')) >= 65)
    );
  },
  qsofa: (value) =>
    Number(Number(value('respiration')) >= 22) +
    Number(Number(value('pressure').split('/')[0]) <= 100) +
    Number(Number(value('mentation')) < 15),
  cha2ds2vasc: (value) => {
    const age = Number(value('age'));
    return (
      ['failure', 'hypertension', 'diabetes', 'vascular', 'sex'].filter((key) => isPositive(value(key)))
        .length +
      2 * Number(isPositive(value('stroke'))) +
      (age >= 75 ? 2 : age >= 65 ? 1 : 0)
    );
  },
  glasgow: (value) =>
    ['closed', 'pain', 'voice', 'spontaneous'].indexOf(value('eyes')) +
    ['silent', 'sounds', 'inappropriate', 'confused', 'oriented'].indexOf(value('verbal')) +
    ['flaccid', 'extension', 'flexion', 'withdraws', 'localizes', 'obeys'].indexOf(value('motor')) +
    3,
  wellsdvt: (value) =>
    ['cancer', 'paralysis', 'bedridden', 'tenderness', 'leg', 'oedema', 'veins', 'previous'].filter((key) =>
      isPositive(value(key)),
    ).length +
    Number(Number(value('calf')) >= 3) -
    2 * Number(value('alternative') === 'likely'),
  calcium: (value) => Number(value('calcium')) + 0.8 * (4 - Number(value('albumin'))),
};

const valueIn =
  (bedside: BedsideCase) =>
  (criterion: string): string => {
    const finding = bedside.findings.find((candidate) => candidate.criterion === criterion);
    if (finding === undefined) throw new Error(`case ${bedside.id} has no ${criterion}`);
    return finding.value;
  };

describe('caseAt', () => {
  it('gives the same case for the same seed, split and index, and another for another', () => {
    const again = caseAt({ seed: 1, split: 'train' }, 17);

    expect(again).toEqual(train[17]);
    expect(again).not.toEqual(train[18]);
    expect(caseAt({ seed: 2, split: 'train' }, 17)).not.toEqual(again);
  });

  it('answers with the total that the published rule gives', () => {
    for (const bedside of [...train, ...heldOut]) {
      const wanted = RULES[bedside.score](valueIn(bedside));

      expect(bedside.total).toBeCloseTo(wanted, 9);
      expect(Number(bedside.choices[bedside.gold])).toBeCloseTo(wanted, 9);
    }
  });

  it('offers five distinct options', () => {
    for (const bedside of train) {
      expect(new Set(Object.values(bedside.choices)).size).toBe(5);
      expect(Object.keys(bedside.choices)).toEqual([...LETTERS]);
    }
  });

  it('offers neighbouring totals in ascending order, inside the range of the score', () => {
    for (const bedside of [...train, ...heldOut]) {
      const { least, greatest, step } = SCORES[bedside.score].options;
      const totals = LETTERS.map((letter) => Number(bedside.choices[letter]));

      for (const [rank, total] of totals.entries()) {
        expect(total).toBeCloseTo((totals[0] ?? 0) + rank * step, 9);
        expect(total).toBeGreaterThanOrEqual(least - 1e-9);
        expect(total).toBeLessThanOrEqual(greatest + 1e-9);
      }
    }
  });

  it('never makes one letter a good guess: none holds three answers in ten', () => {
    const counts = LETTERS.map((letter) => train.filter((bedside) => bedside.gold === letter).length);

    expect(Math.max(...counts) / COUNT).toBeLessThan(0.3);
    expect(Math.min(...counts) / COUNT).toBeGreaterThan(0.05);
  });

  it('writes every finding into the question, name directly before value', () => {
    for (const bedside of train) {
      for (const finding of [...bedside.findings, ...bedside.distractors]) {
        expect(bedside.question).toContain(`${finding.name} ${finding.value}`);
      }
    }
  });

  it('shows findings in varying order, wordings and distractors', () => {
    const curb = train.filter((bedside) => bedside.score === 'curb65');
    const ageNames = new Set(
      curb.map((bedside) => bedside.findings.find((f) => f.criterion === 'age')?.name),
    );
    const firsts = new Set(
      curb.map(
        (bedside) =>
          [...bedside.findings, ...bedside.distractors].sort(
            (a, b) =>
              bedside.question.indexOf(`${a.name} ${a.value}`) -
              bedside.question.indexOf(`${b.name} ${b.value}`),
          )[0]?.criterion,
      ),
    );
    const openings = new Set(curb.map((bedside) => bedside.question.split('.')[0]));

    expect(ageNames.size).toBeGreaterThan(1);
    expect(firsts.size).toBeGreaterThan(5);
    expect(openings.size).toBe(SCORES.curb65.openings.length);
    expect(curb.some((bedside) => bedside.distractors.length > 0)).toBe(true);
  });

  it('draws from the given scores only', () => {
    const cases = casesFrom({ seed: 3, split: 'train', scores: ['qsofa', 'glasgow'] }, 0, 100);

    expect([...new Set(cases.map((bedside) => bedside.score))].sort()).toEqual(['glasgow', 'qsofa']);
    expect(new Set(train.map((bedside) => bedside.score)).size).toBe(SCORE_NAMES.length);
  });

  it('puts one option per line under the question', () => {
    const bedside = train[0];
    if (bedside === undefined) throw new Error('no case');

    expect(casePrompt(bedside).split('\n')).toEqual([
      bedside.question,
      ...LETTERS.map((letter) => `${letter}: ${bedside.choices[letter]}`),
    ]);
  });

  it('refuses an index that is no whole number, and an empty list of scores', () => {
    expect(() => caseAt({ seed: 1, split: 'train' }, -1)).toThrow(
      expect.objectContaining({ code: 'BEDSIDE_BAD_INDEX' }),
    );
    expect(() => caseAt({ seed: 1, split: 'train' }, 0.5)).toThrow(
      expect.objectContaining({ code: 'BEDSIDE_BAD_INDEX' }),
    );
    expect(() => caseAt({ seed: 1, split: 'train', scores: [] }, 0)).toThrow(
      expect.objectContaining({ code: 'BEDSIDE_NO_SCORES' }),
    );
  });
});

describe('division into train and held-out', () => {
  it('is decided by the content, so that no content is on both sides', () => {
    for (const bedside of train) expect(splitOf(canonicalContent(bedside))).toBe('train');
    for (const bedside of heldOut) expect(splitOf(canonicalContent(bedside))).toBe('held-out');
    const trained = new Set(train.map((bedside) => bedside.id));

    expect(heldOut.filter((bedside) => trained.has(bedside.id))).toEqual([]);
  });

  it('does not depend on wording, order or letters', () => {
    for (const bedside of heldOut.slice(0, 200)) {
      const { A, B, C, D, E } = bedside.choices;
      const reworded: BedsideCase = {
        ...bedside,
        question: 'Other words.',
        choices: { A: E, B: D, C: A, D: B, E: C },
        findings: [...bedside.findings].reverse().map((finding) => ({
          ...finding,
          name: 'another name',
        })),
        distractors: [...bedside.distractors].reverse(),
      };

      expect(canonicalContent(reworded)).toBe(canonicalContent(bedside));
    }
  });

  it('holds out about one content in eight', () => {
    const sides = Array.from({ length: 8000 }, (_, index) => splitOf(`content ${index}`));
    const share = sides.filter((side) => side === 'held-out').length / sides.length;

    // Five standard errors of a proportion of 1/8 in 8000.
    expect(Math.abs(share - 1 / 8)).toBeLessThan(5 * Math.sqrt(((1 / 8) * (7 / 8)) / 8000));
  });
});
