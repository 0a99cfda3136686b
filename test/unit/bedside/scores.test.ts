import type { ScoreName } from '@residency/bedside';
import { SCORE_NAMES, SCORES } from '@residency/bedside';
import { describe, expect, it } from 'vitest';

const points = (score: ScoreName, criterion: string, value: string): number => {
  const found = SCORES[score].criteria
    .find((candidate) => candidate.key === criterion)
    ?.values.find((candidate) => candidate.text === value);
  if (found === undefined) throw new Error(`${score}/${criterion} has no value ${value}`);
  return found.points;
};

/** Points on both sides of each published threshold, written down from the publications that the score files cite. */
const THRESHOLDS: readonly (readonly [ScoreName, string, string, number])[] = [
  ['curb65', 'confusion', 'confused', 1],
  ['curb65', 'confusion', 'lucid', 0],
  ['curb65', 'urea', '19', 0],
  ['curb65', 'urea', '21', 1],
  ['curb65', 'respiration', '28', 0],
  ['curb65', 'respiration', '30', 1],
  ['curb65', 'pressure', '88/66', 1],
  ['curb65', 'pressure', '104/60', 1],
  ['curb65', 'pressure', '92/56', 1],
  ['curb65', 'pressure', '84/62', 1],
  ['curb65', 'pressure', '100/70', 0],
  ['curb65', 'age', '63', 0],
  ['curb65', 'age', '65', 1],
  ['qsofa', 'respiration', '20', 0],
  ['qsofa', 'respiration', '22', 1],
  ['qsofa', 'pressure', '100/70', 1],
  ['qsofa', 'pressure', '104/60', 0],
  ['qsofa', 'mentation', '14', 1],
  ['qsofa', 'mentation', '15', 0],
  ['cha2ds2vasc', 'failure', 'failing', 1],
  ['cha2ds2vasc', 'hypertension', 'hypertensive', 1],
  ['cha2ds2vasc', 'age', '63', 0],
  ['cha2ds2vasc', 'age', '65', 1],
  ['cha2ds2vasc', 'age', '73', 1],
  ['cha2ds2vasc', 'age', '75', 2],
  ['cha2ds2vasc', 'diabetes', 'diabetic', 1],
  ['cha2ds2vasc', 'stroke', 'prior', 2],
  ['cha2ds2vasc', 'vascular', 'diseased', 1],
  ['cha2ds2vasc', 'sex', 'female', 1],
  ['cha2ds2vasc', 'sex', 'male', 0],
  ['glasgow', 'eyes', 'voice', 3],
  ['glasgow', 'eyes', 'pain', 2],
  ['glasgow', 'verbal', 'oriented', 5],
  ['glasgow', 'verbal', 'confused', 4],
  ['glasgow', 'verbal', 'inappropriate', 3],
  ['glasgow', 'verbal', 'sounds', 2],
  ['glasgow', 'motor', 'obeys', 6],
  ['glasgow', 'motor', 'localizes', 5],
  ['glasgow', 'motor', 'withdraws', 4],
  ['glasgow', 'motor', 'flexion', 3],
  ['glasgow', 'motor', 'extension', 2],
  ['wellsdvt', 'calf', '2', 0],
  ['wellsdvt', 'calf', '3', 1],
  ['wellsdvt', 'cancer', 'active', 1],
  ['wellsdvt', 'previous', 'documented', 1],
  ['wellsdvt', 'paralysis', 'paretic', 1],
  ['wellsdvt', 'bedridden', 'bedbound', 1],
  ['wellsdvt', 'tenderness', 'tender', 1],
  ['wellsdvt', 'leg', 'swollen', 1],
  ['wellsdvt', 'oedema', 'pitting', 1],
  ['wellsdvt', 'veins', 'dilated', 1],
  ['wellsdvt', 'previous', 'denied', 0],
  ['wellsdvt', 'alternative', 'likely', -2],
  ['wellsdvt', 'alternative', 'unlikely', 0],
];

/** Least and greatest total of each score, from the same publications. */
const RANGES: Readonly<Record<Exclude<ScoreName, 'calcium'>, readonly [number, number]>> = {
  curb65: [0, 5],
  qsofa: [0, 3],
  cha2ds2vasc: [0, 9],
  glasgow: [3, 15],
  wellsdvt: [-2, 9],
};

describe('scores', () => {
  it.each(THRESHOLDS)('%s: %s %s is worth %d', (score, criterion, value, wanted) => {
    expect(points(score, criterion, value)).toBe(wanted);
  });

  it('corrects calcium by 0.8 mg/dL for each g/dL that albumin is below 4', () => {
    const albumin = SCORES.calcium.criteria.find((criterion) => criterion.key === 'albumin');

    expect(albumin?.values.length).toBe(4);
    for (const value of albumin?.values ?? []) {
      expect(value.points).toBeCloseTo(0.8 * (4 - Number(value.text)), 12);
    }
  });

  it.each(Object.entries(RANGES))('%s spans its published range', (name, range) => {
    const { criteria } = SCORES[name as keyof typeof RANGES]; // Object.entries keeps the keys
    const extreme = (pick: (...values: number[]) => number): number =>
      criteria.reduce((sum, { values }) => sum + pick(...values.map((value) => value.points)), 0);

    expect([extreme(Math.min), extreme(Math.max)]).toEqual(range);
  });

  it('never shares a value word between the criteria of a score', () => {
    for (const name of SCORE_NAMES) {
      const texts = SCORES[name].criteria.flatMap((criterion) => criterion.values.map((value) => value.text));

      expect(new Set(texts).size).toBe(texts.length);
    }
  });

  it('gives a name to one criterion only, so that a citation is never ambiguous', () => {
    for (const name of SCORE_NAMES) {
      const names = SCORES[name].criteria.flatMap((criterion) => [
        ...new Set([criterion.label, ...criterion.names]),
      ]);

      expect(new Set(names).size).toBe(names.length);
    }
    const owners = new Map<string, string>();
    for (const criterion of SCORE_NAMES.flatMap((name) => SCORES[name].criteria)) {
      for (const name of [criterion.label, ...criterion.names]) {
        expect(owners.get(name) ?? criterion.key).toBe(criterion.key);
        owners.set(name, criterion.key);
      }
    }
  });
});
