import { EnvironmentError } from '../errors.js';
import { buildWard, type Ward } from './build-ward.js';
import { type DiseaseName, diseases } from './diseases.js';
import { type FindingName, findings } from './findings.js';
import { shown } from './shown.js';

export type LevelName = 'bay' | 'ward' | 'hospital';

export interface Level {
  readonly diseases: readonly DiseaseName[];
  readonly findings: readonly FindingName[];
  /** Actions after which an episode ends in any case, where a task does not say. */
  readonly maxSteps: number;
}

const BAY = {
  diseases: ['acute coronary syndrome', 'pneumonia', 'chest wall pain'],
  findings: ['arm or jaw pain', 'phlegm', 'chest wall', 'ecg', 'exercise test'],
} as const;

const WARD = {
  diseases: [...BAY.diseases, 'pulmonary embolism', 'aortic dissection', 'panic attack'],
  findings: [...BAY.findings, 'back pain', 'coughing blood', 'tingling fingers', 'legs', 'd-dimer'],
} as const;

/** Every level: three chest pains; six of them; everything, heads and bellies too. */
export const levels: { readonly [L in LevelName]: Level } = {
  bay: { ...BAY, maxSteps: 8 },
  ward: { ...WARD, maxSteps: 14 },
  // The tables are total, so that their keys are exactly the names.
  hospital: {
    diseases: Object.keys(diseases) as DiseaseName[],
    findings: Object.keys(findings) as FindingName[],
    maxSteps: 40,
  },
};

/** Every level's name, the easiest first. */
export const LEVEL_NAMES: readonly LevelName[] = ['bay', 'ward', 'hospital'];

function wardAt(name: LevelName): Ward {
  const level = levels[name];
  const has = (finding: FindingName): boolean => level.findings.includes(finding);
  return buildWard({
    name,
    maxSteps: level.maxSteps,
    diseases: level.diseases.map((disease) => {
      const { weight, urgency, contraindicated, redFlags } = diseases[disease];
      return {
        ...{ name: disease, weight, urgency },
        contraindicated: contraindicated !== null && has(contraindicated) ? contraindicated : null,
        redFlags: redFlags.filter(has),
      };
    }),
    findings: level.findings.map((finding) => {
      const { kind, cost, present, absent, among, otherwise } = findings[finding];
      const chances = level.diseases.map((disease) => among[disease] ?? otherwise);
      return { name: finding, kind, cost, present, absent, chances };
    }),
  });
}

const built = new Map<LevelName, Ward>();

/**
 * The ward of a level, built once.
 * @throws EnvironmentError ENVIRONMENT_TASK
 */
export function wardOf(level: unknown): Ward {
  const name = LEVEL_NAMES.find((known) => known === level);
  if (name === undefined)
    throw new EnvironmentError(
      'ENVIRONMENT_TASK',
      'task.level',
      `task.level is ${shown(level)}, want one of: ${LEVEL_NAMES.join(', ')}`,
    );
  const ward = built.get(name) ?? wardAt(name);
  built.set(name, ward);
  return ward;
}
