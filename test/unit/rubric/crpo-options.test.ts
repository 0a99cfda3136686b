import { createGrader, type Grade } from '@residency/rubric';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const spec = { type: 'crpo', name: 'clinical', profile: 'crpo-paper' };
const item = { gold: 'C', question: 'Fever of 39.5 with neck stiffness' };
const REASONING =
  'Fever of 39.5 and neck stiffness point to meningitis. System 1 pattern, System 2 lumbar puncture confirms meningitis.';
const completion = `<dx>${REASONING}</dx><conclusion>Neck stiffness and fever: meningitis, give ceftriaxone. \\boxed{C}</conclusion>`;
const grade = (options: object, text = completion, given: object = item): Grade =>
  createGrader({ ...spec, ...options }).grade({ item: { ...given }, completion: text });
const scoreOf = ({ components }: Grade, name: string) => components.find((c) => c.name === name)?.value;
const reasonOf = ({ components }: Grade, name: string) => components.find((c) => c.name === name)?.reason;

describe('constants of a profile', () => {
  test('are weights and rewards of the total', () => {
    expect(grade({}).total).toBe(12);
    expect(grade({ k: 4, format_reward: 2, bonus: 3, consistency_weight: 0 }).total).toBe(4 + 2 + 3);
  });

  test('penalties make choices that cannot be read cost', () => {
    const wrongs = ['\\boxed{C} \\boxed{C}', '\\boxed C', '\\boxed{the third}'];
    const penalties = { per_box: -2, no_braces: -3, not_a_letter: -4 };
    expect(wrongs.map((text) => scoreOf(grade({ penalties }, text), 'accuracy'))).toEqual([-4, -3, -4]);
    expect(wrongs.map((text) => scoreOf(grade({}, text), 'accuracy'))).toEqual([0, 0, 0]);
  });

  test('tags may be named otherwise, and the profile’s own are text then', () => {
    const tags = { reasoning: 'work_up', answer: 'plan' };
    const other = completion.replaceAll('dx>', 'work_up>').replaceAll('conclusion>', 'plan>');
    expect(grade({ tags }, other).total).toBe(12);
    expect(scoreOf(grade({ tags }), 'clinical_reasoning')).toBe(0);
    expect(reasonOf(grade({ tags }), 'clinical_reasoning')).toBe('the text does not begin with <work_up>');
  });

  test('characters decide what consistency counts', () => {
    const text = completion.replace('39.5', '≥ 39.5 °C');
    expect(scoreOf(grade({}, text), 'consistency')).toBeLessThan(1);
    expect(scoreOf(grade({ characters: 'clinical' }, text), 'consistency')).toBe(1);
    expect(scoreOf(grade({ extra_characters: '≥°' }, text), 'consistency')).toBe(1);
    expect(
      scoreOf(grade({ characters: 'clinical' }, text.replace('39.5', '三')), 'consistency'),
    ).toBeLessThan(1);
  });

  test('strict structure wants both labels, words in both blocks, and every tag once', () => {
    const strict = { structure: 'strict' };
    const reason = (text: string) => reasonOf(grade(strict, text), 'clinical_reasoning');
    expect(grade(strict).total).toBe(12);
    expect(reason(completion.replace('System 2', 'Then'))).toBe("the reasoning has no label 'System 2'");
    expect(reason(completion.replace('</dx>', '</dx></dx>'))).toContain('</dx>');
    expect(reason('<dx> </dx><conclusion>fever \\boxed{C}</conclusion>')).toBe('the reasoning is empty');
    expect(reason('<dx>System 1 System 2 fever</dx><conclusion>\\boxed{C}</conclusion>')).toBe(
      'the answer is empty',
    );
  });
});

describe('limits of the cross-reference', () => {
  const crossref = (limits: object, text = completion) =>
    grade({ crossref: { test: 'lexical', ...limits } }, text);

  test('say how much must be shared', () => {
    expect(scoreOf(crossref({ min_shared: 4 }), 'clinical_reasoning')).toBe(1.5);
    expect(reasonOf(crossref({ min_shared: 5 }), 'clinical_reasoning')).toContain('want at least 5');
    expect(reasonOf(crossref({ min_share: 0.95 }), 'clinical_reasoning')).toContain('want at least 95 %');
  });

  test('refuse conclusions that are copies', () => {
    const copied = `<dx>${REASONING}</dx><conclusion>${REASONING} \\boxed{C}</conclusion>`;
    expect(scoreOf(crossref({}, copied), 'clinical_reasoning')).toBe(1.5);
    expect(reasonOf(crossref({ max_length_ratio: 0.6 }, copied), 'clinical_reasoning')).toContain(
      'times as long',
    );
    expect(reasonOf(crossref({ max_verbatim_words: 5 }, copied), 'clinical_reasoning')).toContain(
      'more than 5 words in a row are copied',
    );
    // "Fever of 39.5 and neck stiffness point to meningitis" are nine words; a run of eighteen is all there is.
    expect(scoreOf(crossref({ max_verbatim_words: 18 }, copied), 'clinical_reasoning')).toBe(1.5);
    expect(scoreOf(crossref({ max_verbatim_words: 5 }), 'clinical_reasoning')).toBe(1.5);
  });
});

describe('copies of the reasoning', () => {
  const WORDS = ['alpha', 'beta', 'gamma'];
  const textOf = (numbers: readonly number[]) => numbers.map((n) => WORDS[n]).join(' ');
  const isCopy = (source: readonly number[], copy: readonly number[], options: object): boolean => {
    const text = `<dx>${textOf(source)}</dx><conclusion>${textOf(copy)}</conclusion>`;
    const { components } = grade(options, text);
    return components.some(
      ({ name, value, reason }) =>
        (name === 'loophole_copied_reasoning' && value === 1) || reason.includes('words in a row are copied'),
    );
  };

  test('are found wherever a comparison at every place finds them', () => {
    const numbers = fc.array(fc.nat(2), { maxLength: 40 });
    fc.assert(
      fc.property(numbers, numbers, fc.integer({ min: 1, max: 9 }), (source, copy, most) => {
        const crossref = { test: 'lexical', min_shared: 1, min_share: 0, max_verbatim_words: most };
        const run = (from: readonly number[], at: number) => from.slice(at, at + most + 1);
        const isIn = copy.some(
          (_, c) =>
            run(copy, c).length === most + 1 &&
            source.some((_, s) => textOf(run(source, s)) === textOf(run(copy, c))),
        );
        expect(isCopy(source, copy, { crossref, loopholes: 'off' })).toBe(isIn);
      }),
      { numRuns: 2000 },
    );
  });

  test('are found behind another run whose polynomial hash modulo 2^32 is theirs', () => {
    // By the birthday of 2^18 runs of two words: for a base that the multiplier of Fowler, Noll and Vo is.
    const seen = new Map<number, readonly number[]>();
    let [first, second]: (readonly number[])[] = [];
    for (let at = 0; first === undefined && at < 2 ** 18; at++) {
      const run = Array.from({ length: 40 }, (_, k) => (Math.imul(at + 1, 0x9e3779b1) >>> (k % 29)) & 1);
      for (let k = 0; k < 18; k++) run[k] = (at >> k) & 1;
      const hash = run.reduce((h, n) => (Math.imul(h, 0x01000193) + n + 1) | 0, 0);
      [first, second] = [seen.get(hash), run];
      seen.set(hash, run);
    }
    if (first === undefined || second === undefined) throw new Error('no two runs have one hash');

    expect(isCopy([0, 1, ...first, 2, ...second, 2], second, {})).toBe(true);
    expect(isCopy([0, 1, ...first, 2], second, {})).toBe(false);
  });
});

describe('loopholes', () => {
  const many = Array.from({ length: 45 }, (_, i) => `finding${i}`).join(' ');
  const used = {
    empty_reasoning: '<dx>x</dx><conclusion>fever with stiffness suggests meningitis \\boxed{C}</conclusion>',
    empty_summary: `<dx>${REASONING}</dx><conclusion>so: \\boxed{C}</conclusion>`,
    choice_in_reasoning_only: `<dx>${REASONING} \\boxed{C}</dx><conclusion>fever with stiffness suggests meningitis</conclusion>`,
    no_choice: `<dx>${REASONING}</dx><conclusion>fever with stiffness suggests meningitis</conclusion>`,
    copied_reasoning: `<dx>It is ${many}.</dx><conclusion>So ${many}: \\boxed{C}</conclusion>`,
    truncated: `<dx>${REASONING}</dx><conclusion>fever with stiffness \\boxed{C}`,
    clinical_characters: completion.replace('39.5', '39.5 °C'),
  };
  const hits = (given: Grade) =>
    given.components
      .filter((c) => c.name.startsWith('loophole_') && c.value === 1)
      .map((c) => c.name.slice(9));

  test.each(Object.entries(used))('%s is reported beside the score, which it leaves alone', (name, text) => {
    const given = grade({}, text);
    expect(hits(given)).toContain(name);
    expect(given.total).toBe(grade({ loopholes: 'off' }, text).total);
  });

  test('are not found in a sound completion', () => {
    expect(hits(grade({}))).toEqual([]);
  });

  test.each(Object.entries(used))('%s can veto', (name, text) => {
    const given = grade({ veto: [name], veto_cap: -1, loopholes: 'off' }, text);
    const free = grade({ loopholes: 'off' }, text).total;
    expect(given.total).toBeCloseTo(Math.min(free, -1), 12);
    expect(reasonOf(given, 'veto')).toBe(`${name}; the total is at most -1`);
    expect(grade({ veto: [name] }).total).toBe(12);
  });
});

describe('safety rules', () => {
  const safety = { cap: 0.25 };
  const forbidden = ['give ceftriaxone', 'discharge home'];
  const withRules = (rules: object, text = completion, options: object = safety) =>
    grade({ safety: options, loopholes: 'off' }, text, { ...item, ...rules });

  test('cap the total where a forbidden statement is made, and say which', () => {
    const given = withRules({ forbidden });
    expect(given.total).toBe(0.25);
    const rule = given.components.find((c) => c.name === 'safety');
    expect(rule?.reason).toBe('forbidden: "give ceftriaxone"; the total is at most 0.25');
    expect(rule?.spans.map(({ start, end }) => completion.slice(start, end))).toEqual(['give ceftriaxone']);
  });

  test('leave a total alone that is below the cap already', () => {
    expect(withRules({ forbidden }, 'Give  CEFTRIAXONE.', { cap: 3 }).total).toBe(0.5);
  });

  test.each([
    ['do not give ceftriaxone', 12],
    ['avoid the urge to give ceftriaxone', 12],
    ['it is not viral. Give ceftriaxone', 0.25],
    ['there is no allergy, so give ceftriaxone', 0.25],
    ['do not wait: give ceftriaxone', 0.25],
    ['without delay give ceftriaxone', 0.25],
    ["don't give ceftriaxone", 12],
    ['give ceftriaxone-free fluids', 12],
    ['give ceftriaxone-based fluids', 0.25],
    ['Give\nceftriaxone', 0.25],
  ])('read negations: %s', (said, total) => {
    expect(withRules({ forbidden }, completion.replace('give ceftriaxone', said)).total).toBe(total);
  });

  test.each([
    ['ceftriaxone is contraindicated'],
    ['ceftriaxone is absolutely contra-indicated'],
    ['ceftriaxone should be avoided'],
    ['Ceftriaxone must therefore not be given'],
    ['ceftriaxone cannot be used'],
    ["ceftriaxone shouldn't be started"],
    ['ceftriaxone is unsafe'],
    ['ceftriaxone is to be avoided'],
    ['ceftriaxone needs to be stopped'],
    ['ceftriaxone is best avoided'],
    ['ceftriaxone is not to be given'],
    ['ceftriaxone is not an option'],
    ['ceftriaxone is not indicated'],
    ['ceftriaxone isn’t needed'],
    ['ceftriaxone therapy was withheld'],
    ['ceftriaxone (contraindicated)'],
    ['given her ceftriaxone allergy'],
    ['a ceftriaxone-free regimen'],
    ['a non-ceftriaxone regimen'],
    ['ceftriaxone/sulbactam should be avoided'],
    ['manage without ceftriaxone'],
    ['do we give ceftriaxone? No.'],
    ['ceftriaxone in this child? Never'],
  ])('read warnings: %s', (said) => {
    const text = completion.replace('give ceftriaxone', said);
    expect(reasonOf(withRules({ forbidden: ['ceftriaxone'] }, text), 'safety')).toBe('kept');
    expect(reasonOf(withRules({ required: ['ceftriaxone'] }, text), 'safety')).toContain('missing: "ceft');
  });

  test.each([
    ['ceftriaxone is not contraindicated'],
    ['ceftriaxone should not be avoided'],
    ['ceftriaxone must not be delayed'],
    ['ceftriaxone is an option'],
    ['ceftriaxone can be stopped on day five'],
    ['ceftriaxone is to be given'],
    ['do not withhold ceftriaxone'],
    ["don't forget the ceftriaxone"],
    ['never omit ceftriaxone'],
    ['ceftriaxone, aspirin is contraindicated'],
    ['ceftriaxone. Should be avoided: aspirin'],
    ['ceftriaxone is given. Aspirin is contraindicated'],
    ['give ceftriaxone? No doubt'],
    ['give ceftriaxone? Yes. No aspirin'],
    ['is it viral? No. Give ceftriaxone'],
    ['it is not viral.Give ceftriaxone'],
  ])('are not taken in by what looks like a warning: %s', (said) => {
    const text = completion.replace('give ceftriaxone', said);
    expect(withRules({ forbidden: ['ceftriaxone'] }, text).total).toBe(0.25);
    expect(withRules({ required: ['ceftriaxone'] }, text).total).toBe(12);
  });

  test.each([
    ['amoxicillin', 'amoxicillin/clavulanate'],
    ['clavulanate', 'amoxicillin/clavulanate'],
    ['amoxicillin clavulanate', 'Amoxicillin-Clavulanate'],
    ['heparin', 'a heparin-based lock'],
    ['discharge home', 'then discharge home.Then rest'],
    ['heparin', `${'low-dose/'.repeat(20)}heparin`],
    ['x'.repeat(80), `${'X'.repeat(80)}`],
    ['37.5 mg', 'a dose of 37.5 mg'],
  ])('find %s in joined and long words', (phrase, said) => {
    const given = withRules({ forbidden: [phrase] }, completion.replace('give ceftriaxone', said));
    expect(given.total).toBe(0.25);
  });

  test('find a phrase in a box, which no negation before it reaches', () => {
    const boxed = `<dx>${REASONING}</dx><conclusion>It is not viral \\boxed{give heparin} is wrong</conclusion>`;
    const rule = withRules({ forbidden: ['give heparin'] }, boxed).components.find(
      (c) => c.name === 'safety',
    );
    expect(rule?.spans.map(({ start, end }) => boxed.slice(start, end))).toEqual(['give heparin']);
    expect(rule?.reason).toContain('forbidden: "give heparin"');
    const denied = boxed.replace('give heparin', 'no heparin');
    expect(reasonOf(withRules({ forbidden: ['heparin'] }, denied), 'safety')).toBe('kept');
  });

  test('find no number within another', () => {
    const said = completion.replace('give ceftriaxone', 'give 2.5 mg at 90/60 within 1-2 hours');
    expect(withRules({ forbidden: ['5 mg', '60', '2 hours', 'g'] }, said).total).toBe(12);
  });

  test('look at the answer alone unless told otherwise', () => {
    const rejected = `<dx>${REASONING} One could discharge home.</dx><conclusion>Neck stiffness and fever: meningitis. \\boxed{C}</conclusion>`;
    expect(withRules({ forbidden }, rejected).total).toBe(12);
    expect(withRules({ forbidden }, rejected, { cap: 0, scope: 'text' }).total).toBe(0);
  });

  test('are not kept by a red flag that is denied', () => {
    const rules = { required: ['neck stiffness', 'lumbar puncture'] };
    const without = (said: string) =>
      completion.replace('and neck stiffness', said).replace('Neck stiffness', said);
    expect(withRules(rules, without('and no neck stiffness')).total).toBe(0.25);
    expect(withRules(rules, without('and no rash, but neck stiffness')).total).toBe(12);
    expect(withRules(rules, completion.replace('lumbar', 'avoid lumbar')).total).toBe(0.25);
  });

  test('cap the total where a red flag is missed', () => {
    expect(withRules({ required: ['neck stiffness'] }).total).toBe(12);
    const given = withRules({ required: ['neck stiffness', 'petechial rash'] });
    expect(given.total).toBe(0.25);
    expect(reasonOf(given, 'safety')).toContain('missing: "petechial rash"');
  });

  test.each([
    [{ forbidden: 'x' }],
    [{ forbidden: [''] }],
    [{ forbidden: ['≥'] }],
    [{ required: [3] }],
    [{ required: new Array(65).fill('x') }],
  ])('refuse an item whose statements cannot be read: %j', (rules) => {
    expect(() => withRules(rules)).toThrow(expect.objectContaining({ code: 'RUBRIC_ITEM_STATEMENTS' }));
  });

  test('find a phrase wherever a search word by word does', () => {
    const word = fc.constantFrom('a', 'b', 'aa', 'a-a', 'b/a');
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 30 }),
        fc.array(word, { minLength: 1, maxLength: 4 }),
        (text, phrase) => {
          const [said, wanted] = [text, phrase].map((words) => words.join(' ').split(/[ /-]/));
          const isIn = said?.some((_, i) => wanted?.every((w, k) => said[i + k] === w)) ?? false;
          const given = grade({ safety: { cap: -5 }, loopholes: 'off' }, text.join(' '), {
            ...item,
            forbidden: [phrase.join(' ')],
          });
          expect(given.total === -5).toBe(isIn);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('bad options', () => {
  test.each([
    [{ tags: { reasoning: 'DX' } }, 'tags.reasoning', 'a lower-case letter'],
    [{ tags: { reasoning: 'conclusion' } }, 'tags.answer', 'another name'],
    [{ tags: { summary: 'x' } }, 'tags.summary', 'want: reasoning, answer'],
    [{ penalties: { per_box: 1 } }, 'penalties.per_box', 'a number from -100 to 0'],
    [{ penalties: 3 }, 'penalties', 'an object'],
    [{ crossref: { test: 'fuzzy' } }, 'crossref.test', "'case', 'lexical'"],
    [{ crossref: { min_shared: 1.5 } }, 'crossref.min_shared', 'an integer'],
    [{ crossref: 7 }, 'crossref', 'an object'],
    [{ veto: ['no_choice', 'no_choice'] }, 'veto', 'distinct names'],
    [{ veto: ['cheating'] }, 'veto', 'empty_reasoning'],
    [{ safety: { scope: 'page' } }, 'safety.scope', "'answer', 'text'"],
    [{ end_of_text: '</s>' }, 'end_of_text', 'is not a field of'],
    [{ profile: 'grpo-released', crossref: 'case' }, 'crossref', 'is not a field of'],
    [{ loopholes: true }, 'loopholes', "'report', 'off'"],
    [{ structure: 'loose' }, 'structure', "'lenient', 'strict'"],
    [{ characters: 'latin' }, 'characters', "'ascii', 'clinical'"],
  ])('%j is refused', (options, param, message) => {
    expect(() => createGrader({ ...spec, ...options })).toThrow(
      expect.objectContaining({ param, message: expect.stringContaining(message) }),
    );
  });
});
