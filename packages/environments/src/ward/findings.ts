import type { DiseaseName } from './diseases.js';

export type FindingName =
  | 'arm or jaw pain'
  | 'phlegm'
  | 'back pain'
  | 'coughing blood'
  | 'tingling fingers'
  | 'pain on breathing in'
  | 'recent immobility'
  | 'sudden headache'
  | 'bright light'
  | 'past headaches'
  | 'diarrhoea'
  | 'shifting pain'
  | 'chest wall'
  | 'legs'
  | 'temperature'
  | 'lungs'
  | 'arm pulses'
  | 'breath sounds'
  | 'neck'
  | 'skin'
  | 'belly'
  | 'ecg'
  | 'exercise test'
  | 'd-dimer'
  | 'troponin'
  | 'chest x-ray'
  | 'ct angiogram'
  | 'ct head'
  | 'spirometry'
  | 'lumbar puncture'
  | 'white cell count';

/** What is asked of a patient, looked for at the bedside, or ordered. */
export type FindingKind = 'history' | 'examination' | 'test';

/** The words that an action begins with. */
export const verbs: { readonly [K in FindingKind]: string } = {
  history: 'ask about',
  examination: 'examine',
  test: 'order',
};

export interface FindingRow {
  readonly kind: FindingKind;
  /** Reward that eliciting it costs. */
  readonly cost: number;
  /** What is told where it is present and where it is absent. */
  readonly present: string;
  readonly absent: string;
  /** P(present | disease), for each disease that is named, and for every other one. */
  readonly among: { readonly [D in DiseaseName]?: number };
  readonly otherwise: number;
  /** Why its row is as it is. */
  readonly why: string;
}

/** Words take little time, hands a little more; tests state their own costs. */
const asked = { kind: 'history', cost: 0.005 } as const;
const examined = { kind: 'examination', cost: 0.01 } as const;
const ordered = (cost: number) => ({ kind: 'test', cost }) as const;

/** Every finding of the ward, under the caution of `diseases`. Findings are independent given the disease. */
export const findings: { readonly [F in FindingName]: FindingRow } = {
  'arm or jaw pain': {
    ...asked,
    present: 'The pain spreads to the arm or the jaw.',
    absent: 'No pain in the arm or the jaw.',
    among: { 'acute coronary syndrome': 0.6, 'aortic dissection': 0.2, 'chest wall pain': 0.1 },
    otherwise: 0.05,
    why: 'The classic radiation of heart pain, red flag of a coronary syndrome.',
  },
  phlegm: {
    ...asked,
    present: 'There is a cough with coloured phlegm.',
    absent: 'No phlegm.',
    among: { pneumonia: 0.75, 'pulmonary embolism': 0.15 },
    otherwise: 0.06,
    why: 'Cheap and telling for pneumonia.',
  },
  'back pain': {
    ...asked,
    present: 'A tearing pain runs between the shoulder blades.',
    absent: 'No pain in the back.',
    among: { 'aortic dissection': 0.75, 'chest wall pain': 0.15, 'subarachnoid haemorrhage': 0.1 },
    otherwise: 0.04,
    why: 'Red flag of a dissection; a strained chest wall may hurt there too.',
  },
  'coughing blood': {
    ...asked,
    present: 'There was blood when coughing.',
    absent: 'No blood when coughing.',
    among: { 'pulmonary embolism': 0.3, pneumonia: 0.08 },
    otherwise: 0.01,
    why: 'Often missing in an embolism, but rarely there without a reason.',
  },
  'tingling fingers': {
    ...asked,
    present: 'The fingers and lips tingle.',
    absent: 'No tingling.',
    among: { 'panic attack': 0.7, migraine: 0.25 },
    otherwise: 0.05,
    why: 'Breathing too fast makes fingers tingle.',
  },
  'pain on breathing in': {
    ...asked,
    present: 'A breath in stabs.',
    absent: 'Breathing in does not hurt.',
    among: {
      'pulmonary embolism': 0.65,
      pneumothorax: 0.8,
      pneumonia: 0.45,
      'chest wall pain': 0.5,
      'panic attack': 0.15,
    },
    otherwise: 0.05,
    why: 'Pleura and ribs hurt on a breath; the heart does not.',
  },
  'recent immobility': {
    ...asked,
    present: 'A long journey or bed rest lies a few days back.',
    absent: 'No long journey or bed rest of late.',
    among: { 'pulmonary embolism': 0.5 },
    otherwise: 0.1,
    why: 'The cheapest hint at a clot.',
  },
  'sudden headache': {
    ...asked,
    present: 'The worst headache of a life came within a minute.',
    absent: 'No headache that came suddenly.',
    among: { 'subarachnoid haemorrhage': 0.9, migraine: 0.08, 'meningococcal disease': 0.1 },
    otherwise: 0.01,
    why: 'Red flag of a bleed in the head.',
  },
  'bright light': {
    ...asked,
    present: 'Bright light hurts.',
    absent: 'Bright light does not hurt.',
    among: { migraine: 0.8, 'meningococcal disease': 0.6, 'subarachnoid haemorrhage': 0.4 },
    otherwise: 0.03,
    why: 'Says that it is the head, not what it is.',
  },
  'past headaches': {
    ...asked,
    present: 'There were many such headaches before.',
    absent: 'No such headaches before.',
    among: { migraine: 0.85, 'subarachnoid haemorrhage': 0.15 },
    otherwise: 0.1,
    why: 'Migraine returns.',
  },
  diarrhoea: {
    ...asked,
    present: 'There is watery diarrhoea.',
    absent: 'No diarrhoea.',
    among: { gastroenteritis: 0.85, appendicitis: 0.15, 'meningococcal disease': 0.1 },
    otherwise: 0.03,
    why: 'What parts gastroenteritis from the other bellies.',
  },
  'shifting pain': {
    ...asked,
    present: 'Pain began at the navel and moved to the lower right.',
    absent: 'No pain that moved through the belly.',
    among: { appendicitis: 0.7, gastroenteritis: 0.08 },
    otherwise: 0.01,
    why: 'The classic story of an appendix.',
  },
  'chest wall': {
    ...examined,
    present: 'Pressing on the ribs brings the pain back.',
    absent: 'The chest wall is not tender.',
    among: { 'chest wall pain': 0.85, 'acute coronary syndrome': 0.1, pneumonia: 0.15 },
    otherwise: 0.08,
    why: 'Names the harmless cause, yet does not quite rule out the heart.',
  },
  legs: {
    ...examined,
    present: 'One calf is swollen and tender.',
    absent: 'Both calves are soft and slim.',
    among: { 'pulmonary embolism': 0.45 },
    otherwise: 0.04,
    why: 'Where the clot comes from.',
  },
  temperature: {
    ...examined,
    present: 'The temperature is 38.6 °C.',
    absent: 'The temperature is 36.8 °C.',
    among: {
      pneumonia: 0.75,
      'meningococcal disease': 0.9,
      appendicitis: 0.5,
      gastroenteritis: 0.4,
      'pulmonary embolism': 0.15,
    },
    otherwise: 0.03,
    why: 'Infection or not.',
  },
  lungs: {
    ...examined,
    present: 'There are crackles at one lung base.',
    absent: 'No crackles over the lungs.',
    among: { pneumonia: 0.7, 'acute coronary syndrome': 0.2, 'pulmonary embolism': 0.15 },
    otherwise: 0.03,
    why: 'Water or pus in the lung.',
  },
  'arm pulses': {
    ...examined,
    present: 'The pulse of one arm is much weaker.',
    absent: 'The pulses of both arms are alike.',
    among: { 'aortic dissection': 0.4 },
    otherwise: 0.01,
    why: 'Red flag of a dissection that reached an arm.',
  },
  'breath sounds': {
    ...examined,
    present: 'One side of the chest is silent.',
    absent: 'Both sides of the chest breathe.',
    among: { pneumothorax: 0.85, pneumonia: 0.1 },
    otherwise: 0.01,
    why: 'Red flag of a collapsed lung.',
  },
  neck: {
    ...examined,
    present: 'The neck is stiff.',
    absent: 'The neck bends freely.',
    among: { 'meningococcal disease': 0.7, 'subarachnoid haemorrhage': 0.6, migraine: 0.1 },
    otherwise: 0.02,
    why: 'Irritated meninges, by pus or by blood.',
  },
  skin: {
    ...examined,
    present: 'There are purple spots that do not fade under a glass.',
    absent: 'No rash.',
    among: { 'meningococcal disease': 0.65 },
    otherwise: 0.01,
    why: 'Red flag of meningococcal sepsis.',
  },
  belly: {
    ...examined,
    present: 'The lower right of the belly is guarded.',
    absent: 'The belly is soft.',
    among: { appendicitis: 0.75, gastroenteritis: 0.1 },
    otherwise: 0.01,
    why: 'Red flag of an inflamed peritoneum.',
  },
  ecg: {
    ...ordered(0.02),
    present: 'The ECG shows raised ST segments.',
    absent: 'The ECG shows no ischaemia.',
    among: { 'acute coronary syndrome': 0.65, 'aortic dissection': 0.1, 'pulmonary embolism': 0.1 },
    otherwise: 0.04,
    why: 'Cheap, and misses a third of coronary syndromes.',
  },
  'exercise test': {
    ...ordered(0.04),
    present: 'The exercise test provokes ischaemia.',
    absent: 'The exercise test provokes nothing.',
    among: { 'acute coronary syndrome': 0.9, 'aortic dissection': 0.2, 'pulmonary embolism': 0.2 },
    otherwise: 0.05,
    why: 'Tells most about the heart, and harms whom it would find.',
  },
  'd-dimer': {
    ...ordered(0.03),
    present: 'The D-dimer is raised.',
    absent: 'The D-dimer is normal.',
    among: {
      'pulmonary embolism': 0.95,
      'aortic dissection': 0.9,
      pneumonia: 0.5,
      'meningococcal disease': 0.8,
      'subarachnoid haemorrhage': 0.4,
    },
    otherwise: 0.15,
    why: 'Rules a clot out, but proves none.',
  },
  troponin: {
    ...ordered(0.03),
    present: 'The troponin is raised.',
    absent: 'The troponin is normal.',
    among: { 'acute coronary syndrome': 0.9, 'pulmonary embolism': 0.3, 'aortic dissection': 0.2 },
    otherwise: 0.03,
    why: 'The test that does what the exercise test does, without the harm.',
  },
  'chest x-ray': {
    ...ordered(0.03),
    present: 'The chest X-ray is abnormal.',
    absent: 'The chest X-ray is normal.',
    among: { pneumonia: 0.9, pneumothorax: 0.9, 'aortic dissection': 0.6, 'pulmonary embolism': 0.2 },
    otherwise: 0.05,
    why: 'One picture for several diseases of the chest.',
  },
  'ct angiogram': {
    ...ordered(0.1),
    present: 'The CT angiogram shows a clot or a torn vessel.',
    absent: 'The CT angiogram shows open, whole vessels.',
    among: { 'pulmonary embolism': 0.95, 'aortic dissection': 0.98 },
    otherwise: 0.01,
    why: 'Near certain, and dear.',
  },
  'ct head': {
    ...ordered(0.08),
    present: 'The CT of the head shows blood.',
    absent: 'The CT of the head is normal.',
    among: { 'subarachnoid haemorrhage': 0.95 },
    otherwise: 0.005,
    why: 'Near certain, and dear.',
  },
  spirometry: {
    ...ordered(0.03),
    present: 'Spirometry shows a small volume.',
    absent: 'Spirometry is normal.',
    among: { pneumothorax: 0.9, pneumonia: 0.6, 'pulmonary embolism': 0.3, 'panic attack': 0.2 },
    otherwise: 0.1,
    why: 'Tells little, and harms who has a leak.',
  },
  'lumbar puncture': {
    ...ordered(0.08),
    present: 'The fluid of the lumbar puncture is not clear.',
    absent: 'The fluid of the lumbar puncture is clear.',
    among: { 'meningococcal disease': 0.9, 'subarachnoid haemorrhage': 0.9 },
    otherwise: 0.01,
    why: 'Tells much, and harms where blood does not clot.',
  },
  'white cell count': {
    ...ordered(0.02),
    present: 'The white cells are raised.',
    absent: 'The white cells are normal.',
    among: {
      pneumonia: 0.8,
      'meningococcal disease': 0.85,
      appendicitis: 0.8,
      gastroenteritis: 0.4,
      'acute coronary syndrome': 0.3,
    },
    otherwise: 0.1,
    why: 'Cheap and unspecific.',
  },
};
