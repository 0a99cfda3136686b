import type { VerifiableCase } from '@residency/bedside';
import {
  caseFromRow,
  caseRow,
  casesFrom,
  createRandomStream,
  findCitations,
  TRACE_KINDS,
  verify,
  writeTrace,
} from '@residency/bedside';
import { describe, expect, it } from 'vitest';

const bedside: VerifiableCase = {
  score: 'qsofa',
  gold: 'C',
  findings: [
    { criterion: 'respiration', name: 'respirations', value: '24', points: 1 },
    { criterion: 'pressure', name: 'blood pressure', value: '104/60', points: 0 },
    { criterion: 'mentation', name: 'coma scale', value: '14', points: 1 },
  ],
  distractors: [
    { criterion: 'pulse', name: 'pulse', value: '108', points: 0 },
    { criterion: 'smoking', name: 'tobacco use', value: 'smoker', points: 0 },
  ],
};

describe('verify: accuracy', () => {
  it.each([
    ['the right letter', 'so \\boxed{C}', 1, 'boxed C, the answer'],
    ['another letter', 'so \\boxed{B}', 0, 'boxed "B", the answer is C'],
    ['the letter with blanks', 'so \\boxed{ C }', 0, 'boxed " C ", the answer is C'],
    ['no box', 'the answer is C', 0, 'no boxed letter'],
    ['two boxes that agree', '\\boxed{C} \\boxed{C}', 0, '2 boxes, want one'],
    ['a box without braces', '\\boxed C', 0, 'the box is not closed'],
    ['a box broken by a line', '\\boxed{C\n}', 0, 'the box is not closed'],
    ['nothing', '', 0, 'no boxed letter'],
  ])('%s', (_, completion, value, reason) => {
    const { accuracy } = verify(bedside, completion);

    expect([accuracy.value, accuracy.reason]).toEqual([value, reason]);
  });

  it('shows the box as evidence', () => {
    const completion = 'so \\boxed{C}.';
    const [span] = verify(bedside, completion).accuracy.evidence;

    expect(completion.slice(span?.start, span?.end)).toBe('\\boxed{C}');
  });
});

describe('verify: faithfulness', () => {
  it.each([
    ['canonical label', 'RR 24', 1],
    ['name as written in the case', 'respirations 24', 1],
    ['upper case and a linking word', 'Blood Pressure is 104/60', 1],
    ['a distractor by its label', 'Tobacco: smoker', 1],
    ['the opposite of a sign', 'tobacco nonsmoker', 0],
    ['a colon between', 'GCS: 14', 1],
    ['a wrong value', 'RR 42', 0],
    ['a finding that the case does not hold', 'potassium 4.0', 0],
    ['a criterion of another score', 'albumin 2.5', 0],
    ['a name without a value', 'RR is high', 0],
    ['one right and one wrong', 'RR 24, GCS 9', 0.5],
  ])('%s', (_, completion, value) => {
    expect(verify(bedside, completion).faithfulness.value).toBe(value);
  });

  it('says which citation is wrong and what the case has', () => {
    expect(verify(bedside, 'RR 42').faithfulness.reason).toBe(
      '0 of 1 citations agree with the case; respiration cited as 42, the case has 24',
    );
    expect(verify(bedside, 'potassium 4.0').faithfulness.reason).toBe(
      '0 of 1 citations agree with the case; potassium 4.0 is not in the case',
    );
    expect(verify(bedside, 'all fine').faithfulness.reason).toBe('no finding is cited');
  });

  it('takes the longest name and gives its exact span', () => {
    const wells = { ...bedside, score: 'wellsdvt' as const };
    const completion = 'On exam calf difference 4 cm.';
    const [citation] = findCitations(wells, completion);

    expect(completion.slice(citation?.start, citation?.end)).toBe('calf difference 4');
    expect(citation?.criterion).toBe('calf');
  });

  it('reads the total of the Glasgow Coma Scale as an answer, not as a citation', () => {
    expect(findCitations({ ...bedside, score: 'glasgow' }, 'GCS 12')).toEqual([]);
  });
});

describe('verify: comprehensiveness', () => {
  it('counts criteria once each, whether the value is right or not, and names the missing', () => {
    const { comprehensiveness } = verify(bedside, 'RR 24, RR 24, GCS 9, pulse 108');

    expect(comprehensiveness.value).toBeCloseTo(2 / 3, 12);
    expect(comprehensiveness.reason).toBe('2 of 3 criteria considered; missing pressure');
    expect(comprehensiveness.evidence).toEqual([
      { start: 0, end: 5 },
      { start: 14, end: 19 },
    ]);
  });
});

describe('verify: any text', () => {
  const ALPHABET = [
    '\\boxed',
    '{',
    '}',
    'C',
    'RR',
    ' ',
    '24',
    'GCS',
    '\n',
    'calf',
    'difference',
    '🙂',
    '\ud800',
    '1/2',
    '.',
    '-',
  ];

  it('never throws, keeps values in [0, 1] and spans inside the text', () => {
    for (let round = 0; round < 2000; round += 1) {
      const stream = createRandomStream(['any text', round]);
      const text = Array.from({ length: stream.below(40) }, () => stream.pick(ALPHABET)).join('');
      for (const verdict of Object.values(verify(bedside, text))) {
        expect(verdict.value).toBeGreaterThanOrEqual(0);
        expect(verdict.value).toBeLessThanOrEqual(1);
        expect(verdict.reason).not.toContain('\n');
        for (const span of verdict.evidence) {
          expect(span.start).toBeGreaterThanOrEqual(0);
          expect(span.end).toBeGreaterThan(span.start);
          expect(span.end).toBeLessThanOrEqual(text.length);
        }
      }
    }
  });

  it.each([
    ['boxes', '\\boxed{'],
    ['first words of long names', 'calf '],
    ['one endless word', 'a'],
    ['one endless number', '1.'],
    ['citations', 'RR 24 '],
  ])('gets through megabytes of %s', (_, unit) => {
    // Work that grew with the square of the length would not end before the test's deadline.
    const verdicts = Object.values(verify(bedside, unit.repeat(500_000)));

    for (const { value } of verdicts) expect(value).toBeGreaterThanOrEqual(0);
    expect(verdicts).toHaveLength(3);
  });
});

describe('rows', () => {
  const cases = casesFrom({ seed: 8, split: 'held-out' }, 0, 200);

  it('hold all that verifying needs, through JSON', () => {
    for (const original of cases) {
      const read = caseFromRow(JSON.parse(JSON.stringify(caseRow(original))));
      for (const kind of TRACE_KINDS) {
        const trace = writeTrace(original, kind, createRandomStream([original.id]));

        expect(verify(read, trace)).toEqual(verify(original, trace));
      }
    }
  });

  it('carry one user message that ends with the options', () => {
    const original = cases[0];
    if (original === undefined) throw new Error('no case');
    const row = caseRow(original);

    expect(row.messages.map((message) => message.role)).toEqual(['user']);
    expect(row.messages[0]?.content).toBe(
      `${original.question}\nA: ${original.choices.A}\nB: ${original.choices.B}\nC: ${original.choices.C}\nD: ${original.choices.D}\nE: ${original.choices.E}`,
    );
    expect(row.criteria).toEqual(original.findings.map((finding) => finding.criterion));
  });

  it.each([
    ['score', { score: 'apgar' }],
    ['score', { score: 'toString' }],
    ['gold', { gold: 'F' }],
    ['question', { question: 3 }],
    ['choices', { choices: [] }],
    ['choices.E', { choices: { A: '1', B: '2', C: '3', D: '4' } }],
    ['findings', { findings: 'none' }],
    ['findings[0].value', { findings: [{ criterion: 'age', name: 'age', value: 71, points: 1 }] }],
    ['distractors[0]', { distractors: [null] }],
  ])('are refused by field: %s', (field, change) => {
    const original = cases[0];
    if (original === undefined) throw new Error('no case');

    expect(() => caseFromRow({ ...caseRow(original), ...change })).toThrow(
      expect.objectContaining({ code: 'BEDSIDE_BAD_ROW', message: expect.stringContaining(`row.${field}:`) }),
    );
  });

  it('are refused when they are no object', () => {
    expect(() => caseFromRow(null)).toThrow(expect.objectContaining({ code: 'BEDSIDE_BAD_ROW' }));
  });
});
