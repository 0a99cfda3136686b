import { readFileSync } from 'node:fs';
import { type CaseFile, readCases } from '@residency/environments';
import { referenceFile } from './reference-data.js';

/** A published file of cases, read; null, with a line that says so, where it is absent. */
export function caseFile(name: string): CaseFile | null {
  const path = referenceFile('datasets', name);
  return path === null ? null : readCases(readFileSync(path, 'utf8'), name);
}

/** A row in the form of MediQ, of our own. */
export const MEDIQ_ROW = {
  id: 0,
  question: 'What is it?',
  context: ['A man fell.'],
  options: { A: 'Sprained wrist', B: 'Broken wrist' },
  answer: 'Broken wrist',
  answer_idx: 'B',
  facts: [
    '1. The patient fell on his hand.',
    '2. The wrist is swollen.',
    '3. The wrist is bent.',
    '- The swollen hand is warm.',
    '5. Swollen too is the swollen thumb.',
  ],
  patient: { age: '40 years', gender: 'Male' },
};

/** A row in the form of AgentClinic, of our own. */
export const OSCE_ROW = {
  OSCE_Examination: {
    Objective_for_Doctor: 'Find out why the wrist hurts.',
    Patient_Actor: {
      Demographics: '40-year-old man',
      History: 'Fell on the hand.',
      Symptoms: { Primary_Symptom: 'Pain', Secondary_Symptoms: ['Swelling', 'Bruise'] },
      Social_History: '',
    },
    Physical_Examination_Findings: {
      Vital_Signs: { Heart_Rate: '80 bpm', Is_Calm: true },
      Wrist: { Look: 'Bent', Special: {} },
    },
    Test_Results: {
      Blood_Tests: { Hemoglobin: 'Normal' },
      Imaging: { 'X-ray': { Findings: 'A broken radius' }, MRI: { Findings: 'Not done' } },
      Other: {},
    },
    Correct_Diagnosis: "Colles' fracture (CF)",
  },
};
