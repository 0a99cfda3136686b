import { contentWords, createGrader } from '@residency/rubric';
import { describe, expect, test } from 'vitest';

const words = (text: string) => [...contentWords(text).keys()];

const reasoning = (dx: string, conclusion: string, crossref = 'lexical', item: object = {}) => {
  const spec = { type: 'crpo', name: 'crpo', profile: 'crpo-paper', crossref };
  const completion = `<dx>${dx}</dx><conclusion>${conclusion}</conclusion>`;
  const { components } = createGrader(spec).grade({ item: { gold: 'A', ...item }, completion });
  const found = components.find(({ name }) => name === 'clinical_reasoning');
  return { value: found?.value, reason: found?.reason };
};

describe('contentWords', () => {
  const cases = [
    ['keeps four letters or more', 'Urea is an amino acid', ['urea', 'amino', 'acid']],
    ['keeps what holds a digit', 'pH 7 at 7.35, T 38', ['7', '7.35', '38']],
    ['joins inside a word only', '-gram-negative- 90/60. 97%', ['gram-negative', '90/60', '97']],
    ['lower-cases and drops repeats', 'Sepsis SEPSIS sepsis', ['sepsis']],
    ['drops common words', 'This patient should most likely have been with sepsis', ['sepsis']],
    ['drops boxes and tags', 'urea <dx>acid</dx> \\boxed{LETTER} \\boxed{open', ['urea', 'acid', 'open']],
    ['reads other alphabets', 'fièvre élevée 体温 ångström', ['fièvre', 'élevée', 'ångström']],
    ['drops what is too long for a word', `urea ${'x'.repeat(65)}`, ['urea']],
    ['finds nothing in nothing', '', []],
  ] as const;

  test.each(cases)('%s', (_, text, want) => {
    expect(words(text)).toEqual(want);
  });

  test('gives the place of the first occurrence', () => {
    const text = 'a URea, urea';

    expect(contentWords(text).get('urea')).toEqual({
      start: 2,
      end: 6,
    });
  });
});

describe('lexical', () => {
  test('wants two shared words', () => {
    expect(reasoning('urea nine', 'urea ten').value).toBe(1);
    expect(reasoning('urea nine', 'urea nine').value).toBe(1.5);
  });

  test('wants them to be 30 % of the conclusion, the limit included', () => {
    const others = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`).join(' ');

    // 3 of 10, then 3 of 11; 3 / 10 >= 0.3 holds in floating point too.
    expect(reasoning('aaaa bbbb cccc', `aaaa bbbb cccc ${others(7)}`).value).toBe(1.5);
    expect(reasoning('aaaa bbbb cccc', `aaaa bbbb cccc ${others(8)}`)).toEqual({
      value: 1,
      reason:
        'dx and conclusion in place; 3 of 11 words of the conclusion occur in the reasoning, want at least 30 %',
    });
  });

  test('does not count a shared box', () => {
    expect(reasoning('urea \\boxed{nine}', 'urea \\boxed{nine}').value).toBe(1);
  });
});

describe('case', () => {
  test('also wants a shared word in the question', () => {
    const item = { question: 'Urea 9 and confusion' };

    expect(reasoning('urea nine', 'urea nine', 'case', item).value).toBe(1.5);
    expect(reasoning('sodium nine', 'sodium nine', 'case', item)).toEqual({
      value: 1,
      reason:
        'dx and conclusion in place; 2 of 2 words of the conclusion occur in the reasoning: sodium, nine; ' +
        'none of them occurs in the question',
    });
  });

  test("reads the user's messages where the item has no question", () => {
    const messages = [
      { role: 'system', content: 'sodium' },
      { role: 'user', content: 'Urea 9' },
    ];

    expect(reasoning('urea nine', 'urea nine', 'case', { messages }).value).toBe(1.5);
    expect(reasoning('sodium nine', 'sodium nine', 'case', { messages }).value).toBe(1);
  });

  test('names the field where there is no question at all', () => {
    expect(() => reasoning('urea nine', 'urea nine', 'case', { messages: [{ role: 'user' }] })).toThrow(
      expect.objectContaining({ code: 'RUBRIC_ITEM_QUESTION', param: 'item.question' }),
    );
  });
});
