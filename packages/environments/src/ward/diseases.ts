import type { FindingName } from './findings.js';
import type { Urgency } from './urgency.js';

export type DiseaseName =
  | 'acute coronary syndrome'
  | 'pneumonia'
  | 'chest wall pain'
  | 'pulmonary embolism'
  | 'aortic dissection'
  | 'panic attack'
  | 'pneumothorax'
  | 'appendicitis'
  | 'gastroenteritis'
  | 'subarachnoid haemorrhage'
  | 'meningococcal disease'
  | 'migraine';

export interface DiseaseRow {
  /** How often it is seen, relative to the other diseases of a level. */
  readonly weight: number;
  readonly urgency: Urgency;
  /** The test that does harm to who has it, or null. */
  readonly contraindicated: FindingName | null;
  /** Findings that must not be overlooked in who has it. */
  readonly redFlags: readonly FindingName[];
  /** Why its row is as it is. */
  readonly why: string;
}

/**
 * Every disease of the ward. A teaching model with round numbers of our own, made so that asking, caution and
 * economy pay; it is not medical advice and was fitted to no data.
 */
export const diseases: { readonly [D in DiseaseName]: DiseaseRow } = {
  'acute coronary syndrome': {
    weight: 25,
    urgency: 'emergency',
    contraindicated: 'exercise test',
    redFlags: ['arm or jaw pain'],
    why: 'Heart muscle is dying: exertion makes it worse.',
  },
  pneumonia: {
    weight: 25,
    urgency: 'urgent',
    contraindicated: null,
    redFlags: [],
    why: 'Needs treatment the same day, and no test does harm.',
  },
  'chest wall pain': {
    weight: 30,
    urgency: 'routine',
    contraindicated: null,
    redFlags: [],
    why: 'Common and harmless: the ward is not to call everything an emergency.',
  },
  'pulmonary embolism': {
    weight: 12,
    urgency: 'emergency',
    contraindicated: 'exercise test',
    redFlags: ['coughing blood'],
    why: 'A strained right heart does not bear exertion.',
  },
  'aortic dissection': {
    weight: 5,
    urgency: 'emergency',
    contraindicated: 'exercise test',
    redFlags: ['back pain', 'arm pulses'],
    why: 'Rare and deadly: pressure tears the vessel further.',
  },
  'panic attack': {
    weight: 20,
    urgency: 'routine',
    contraindicated: null,
    redFlags: [],
    why: 'Feels like an emergency and is none.',
  },
  pneumothorax: {
    weight: 6,
    urgency: 'emergency',
    contraindicated: 'spirometry',
    redFlags: ['breath sounds'],
    why: 'Blowing hard widens the leak.',
  },
  appendicitis: {
    weight: 15,
    urgency: 'urgent',
    contraindicated: null,
    redFlags: ['belly'],
    why: 'Needs a surgeon the same day.',
  },
  gastroenteritis: {
    weight: 25,
    urgency: 'routine',
    contraindicated: null,
    redFlags: [],
    why: 'Passes by itself, yet looks like an early appendicitis.',
  },
  'subarachnoid haemorrhage': {
    weight: 4,
    urgency: 'emergency',
    contraindicated: null,
    redFlags: ['sudden headache'],
    why: 'Rare and deadly: known by how suddenly it came.',
  },
  'meningococcal disease': {
    weight: 4,
    urgency: 'emergency',
    contraindicated: 'lumbar puncture',
    redFlags: ['neck', 'skin'],
    why: 'With its rash, blood does not clot and a puncture bleeds.',
  },
  migraine: {
    weight: 20,
    urgency: 'routine',
    contraindicated: null,
    redFlags: [],
    why: 'The harmless one among the headaches.',
  },
};
