import {
  ABSENT,
  anchorOf,
  buildWard,
  drawWardPatient,
  type LevelName,
  PRESENT,
  posteriorOf,
  UNKNOWN,
  URGENCIES,
  WARD_LEVELS,
  wardDiseases,
  wardFindings,
  wardLevels,
  wardOf,
} from '@residency/environments';
import { describe, expect, test } from 'vitest';
import { TINY_WARD, tinyWard } from '../../../support/tiny-ward.js';
import { everyKnowledge, everyPatient } from '../../../support/ward-expectimax.js';

/** How far a frequency of n draws may lie from its probability: 4.5 standard deviations, and something for 0 and 1. */
const tolerance = (probability: number, n: number): number =>
  4.5 * Math.sqrt((probability * (1 - probability)) / n) + 1 / n;

describe('the tables', () => {
  test('have the levels of growing size, with every urgency, and a reason for each row', () => {
    const sizes = WARD_LEVELS.map((level) => {
      const { diseases, findings } = wardOf(level);
      expect(new Set(diseases.map(({ urgency }) => urgency)).size).toBe(3);
      return [diseases.length, findings.length];
    });

    expect(sizes).toEqual([
      [3, 5],
      [6, 10],
      [12, 31],
    ]);
    for (const { why } of [...Object.values(wardDiseases), ...Object.values(wardFindings)])
      expect(why.length).toBeGreaterThan(10);
  });

  test('name only diseases and findings that there are, and red flags that are commoner in their disease', () => {
    for (const { redFlags, contraindicated, urgency } of Object.values(wardDiseases)) {
      for (const flag of redFlags) expect(wardFindings[flag].otherwise).toBeLessThan(0.06);
      if (contraindicated !== null) expect(wardFindings[contraindicated].kind).toBe('test');
      if (redFlags.length > 0) expect(urgency).not.toBe('routine');
    }
    for (const { among } of Object.values(wardFindings))
      for (const disease of Object.keys(among)) expect(wardDiseases).toHaveProperty([disease]);
  });

  test('reach the ward unchanged: priors are weights by their sum, chances are those of the rows', () => {
    const ward = wardOf('ward');
    const total = wardLevels.ward.diseases.reduce((sum, name) => sum + wardDiseases[name].weight, 0);

    expect(ward.diseases.reduce((sum, { prior }) => sum + prior, 0)).toBeCloseTo(1, 12);
    expect(ward.diseases[3]).toEqual({
      ...{ name: 'pulmonary embolism', prior: 12 / total, urgency: URGENCIES.indexOf('emergency') },
      ...{ contraindicated: 4, redFlags: [6] },
    });
    expect(ward.findings[4]?.chances).toEqual([0.9, 0.05, 0.05, 0.2, 0.2, 0.05]);
    expect(ward.findings[6]).toMatchObject({ name: 'coughing blood', callsFor: 2 });
    expect(ward.findings[1]).toMatchObject({ name: 'phlegm', callsFor: -1 });
  });

  test.each(WARD_LEVELS)('a red flag of %s calls for the mildest urgency of its diseases', (level) => {
    const ward = wardOf(level);
    for (const [place, { callsFor, name }] of ward.findings.entries()) {
      const urgencies = ward.diseases
        .filter(({ redFlags }) => redFlags.includes(place))
        .map(({ urgency }) => urgency);
      expect([name, callsFor]).toEqual([name, urgencies.length === 0 ? -1 : Math.min(...urgencies)]);
    }
  });
});

describe('drawing patients', () => {
  test.each<LevelName>(['bay', 'ward', 'hospital'])('follows the probabilities of %s', (level) => {
    const ward = wardOf(level);
    const n = 12_000;
    const counts = ward.diseases.map(() => 0);
    const present = ward.diseases.map(() => ward.findings.map(() => 0));
    for (let seed = 0; seed < n; seed++) {
      const patient = drawWardPatient(ward, seed);
      counts[patient.disease] = (counts[patient.disease] ?? 0) + 1;
      const row = present[patient.disease] ?? [];
      for (const [place, isPresent] of patient.present.entries())
        if (isPresent) row[place] = (row[place] ?? 0) + 1;
    }

    for (const [disease, { name, prior }] of ward.diseases.entries()) {
      const count = counts[disease] ?? 0;
      expect(Math.abs(count / n - prior), name).toBeLessThan(tolerance(prior, n));
      for (const [place, finding] of ward.findings.entries()) {
        const chance = finding.chances[disease] ?? 0;
        const off = Math.abs((present[disease]?.[place] ?? 0) / count - chance);
        expect(off, `${finding.name} in ${name}`).toBeLessThan(tolerance(chance, count));
      }
    }
  });

  test('draws findings independently given the disease', () => {
    const ward = wardOf('bay');
    const n = 20_000;
    let [first, second, both, ill] = [0, 0, 0, 0];
    for (let seed = 0; seed < n; seed++) {
      const { disease, present } = drawWardPatient(ward, seed);
      if (disease !== 0) continue;
      ill++;
      if (present[0]) first++;
      if (present[3]) second++;
      if (present[0] && present[3]) both++;
    }

    const product = (first / ill) * (second / ill);
    expect(Math.abs(both / ill - product)).toBeLessThan(tolerance(product, ill));
  });

  test('repeats itself, tells nothing of the disease at first, and refuses what is no seed', () => {
    const ward = wardOf('ward');

    expect(drawWardPatient(ward, 77)).toEqual(drawWardPatient(ward, 77));
    const people = new Map<number, Set<string>>();
    for (let seed = 0; seed < 400; seed++) {
      const { disease, presentation } = drawWardPatient(ward, seed);
      people.set(disease, (people.get(disease) ?? new Set()).add(presentation));
    }
    for (const seen of people.values()) expect(seen.size).toBe(4);
    for (const seed of [-1, 0.5, 2 ** 32, Number.NaN])
      expect(() => drawWardPatient(ward, seed)).toThrow(
        expect.objectContaining({ code: 'ENVIRONMENT_SEED' }),
      );
  });
});

describe('knowledge', () => {
  test('has the posterior that counting every possible patient gives', () => {
    const ward = tinyWard();
    const patients = everyPatient(ward);
    expect(patients.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);

    for (const knowledge of everyKnowledge(ward)) {
      const fitting = patients.filter(({ patient }) =>
        knowledge.every(
          (value, place) => value === UNKNOWN || patient.present[place] === (value === PRESENT),
        ),
      );
      const total = fitting.reduce((sum, { probability }) => sum + probability, 0);
      const storms = fitting.filter(({ patient }) => patient.disease === 0);
      const share = storms.reduce((sum, { probability }) => sum + probability, 0) / total;
      expect(posteriorOf(ward, knowledge)[0]).toBeCloseTo(share, 12);
    }
  });

  test('names each state by an anchor of its own, sorted', () => {
    const ward = tinyWard();
    const anchors = everyKnowledge(ward).map((knowledge) => anchorOf(ward, knowledge));

    expect(new Set(anchors).size).toBe(27);
    expect(anchorOf(ward, Uint8Array.of(PRESENT, ABSENT, UNKNOWN))).toBe(
      'ward; clouds: absent; thunder: present',
    );
  });
});

describe('buildWard', () => {
  const [storm, breeze] = TINY_WARD.diseases;
  const [thunder, clouds, probe] = TINY_WARD.findings;
  if (!storm || !breeze || !thunder || !clouds || !probe) throw new Error('no tiny ward');
  const bad = [
    [{ maxSteps: 0 }, 'ward.maxSteps'],
    [{ diseases: [] }, 'ward.diseases'],
    [{ diseases: [storm, { ...breeze, name: 'storm' }] }, 'ward.diseases[1].name'],
    [{ diseases: [storm, { ...breeze, weight: 0 }] }, 'ward.diseases[1].weight'],
    [{ diseases: [{ ...storm, contraindicated: 'clouds' }, breeze] }, 'ward.diseases[0].contraindicated'],
    [{ diseases: [{ ...storm, redFlags: ['rain'] }, breeze] }, 'ward.diseases[0].redFlags'],
    [{ findings: [thunder, { ...clouds, name: 'Clouds' }, probe] }, 'ward.findings[1].name'],
    [{ findings: [thunder, { ...clouds, cost: -1 }, probe] }, 'ward.findings[1].cost'],
    [{ findings: [thunder, { ...clouds, chances: [0.5] }, probe] }, 'ward.findings[1].chances'],
    [{ findings: [thunder, { ...clouds, chances: [0.5, 1.1] }, probe] }, 'ward.findings[1].chances'],
  ] as const;

  test.each(bad)('refuses %j', (replaced, param) => {
    expect(() => buildWard({ ...TINY_WARD, ...replaced })).toThrow(
      expect.objectContaining({ code: 'ENVIRONMENT_TASK', param }),
    );
  });

  test('refuses a level that there is not', () => {
    expect(() => wardOf('clinic')).toThrow(expect.objectContaining({ param: 'task.level' }));
    expect(Object.keys(wardLevels)).toEqual(WARD_LEVELS);
  });
});
