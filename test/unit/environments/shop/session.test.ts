import { buildShop, type Product, parseAction, ShopSession, textAfterTask } from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogue, goal, product } from '../../../support/small-shop.js';

const lamp = product({
  asin: 'L000000001',
  title: 'Desk Lamp',
  query: 'lamps',
  description: 'A lamp that shines.',
  bullets: [' Bright ', '', 'Warm'],
  attributes: ['solid wood'],
  options: [
    { name: 'color', values: ['red', 'blue'] },
    { name: 'size', values: ['small', 's | m'] },
  ],
  priceTag: '$20.0',
});
const others: readonly Product[] = Array.from({ length: 24 }, (_, index) =>
  product({ asin: `M0000000${index + 10}`, title: `Oak Chair ${index}`, attributes: ['oak'] }),
);
const small = buildShop(catalogue(lamp, ...others), { seed: 1 });
const wanted = goal({
  title: 'Desk Lamp',
  query: 'lamps',
  text: 'Find me a red lamp',
  attributes: ['solid wood'],
  options: [{ name: 'color', value: 'red' }],
  priceUpper: 30,
});
const start = () => new ShopSession(small, wanted);
const play = (...actions: readonly string[]) => {
  const session = start();
  const steps = actions.map((action) => session.act(action));
  const last = steps.at(-1);
  if (last === undefined) throw new Error('no action');
  return { session, steps, last };
};

describe('parseAction', () => {
  test.each<[string, [string, string] | null]>([
    ['search[Red Lamp]', ['search', 'red lamp']],
    ['click[< Prev]', ['click', '< prev']],
    ['search[a[b]]', ['search[a', 'b]']],
    ['search[a] then click[b]', ['search[a] then click', 'b']],
    ['click[x] and more', ['click', 'x']],
    ['click[x]]', ['click', 'x]']],
    ['search[]', null],
    ['search[]]', ['search', ']']],
    ['[x]', null],
    ['search', null],
    ['search[x', null],
    ['search x]', null],
    ['search[a\nb]', null],
    ['search[a]\nclick[b]', ['search', 'a']],
    ['', null],
    ['] [', null],
  ])('reads %j', (text, want) => {
    const found = parseAction(text);
    expect(found && [found.name, found.argument]).toEqual(want);
  });

  test('is what a greedy pattern finds', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'B', '[', ']', '\n', ' '), maxLength: 14 });
    fc.assert(
      fc.property(text, (action) => {
        const found = parseAction(action);
        const match = /^(.+)\[(.+)\]/.exec(action);
        expect(found && [found.name, found.argument]).toEqual(match && [match[1], match[2]?.toLowerCase()]);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('pages', () => {
  test('search', () => {
    expect(start().view()).toEqual({
      text: 'WebShop [SEP] Instruction: [SEP] Find me a red lamp [SEP] Search',
      anchor: "'Search'",
      actions: ['search[<your query>]', 'click[search]'],
    });
  });

  test('results, ten a page, and pages past the end', () => {
    const { steps } = play('search[oak]', 'click[next >]', 'click[next >]', 'click[next >]', 'click[< prev]');
    const heads = steps.map(({ text }) => text.split(' [SEP] ').slice(0, 8));

    expect(heads[0]).toEqual([
      ...['Instruction:', 'Find me a red lamp', 'Back to Search', 'Page 1 (Total results: 24)', 'Next >'],
      ...['M000000010', 'Oak Chair 0', '$20.0'],
    ]);
    expect(steps[0]?.actions.slice(0, 3)).toEqual([
      'click[back to search]',
      'click[next >]',
      'click[m000000010]',
    ]);
    expect(steps[0]?.actions).toHaveLength(12);
    expect(heads[1]?.slice(3, 6)).toEqual(['Page 2 (Total results: 24)', '< Prev', 'Next >']);
    expect(steps[1]?.actions.slice(0, 4)).toEqual([
      'click[back to search]',
      'click[< prev]',
      'click[next >]',
      'click[m000000020]',
    ]);
    expect(steps[2]?.actions).toHaveLength(3 + 4);
    expect(steps[3]?.anchor).toBe(
      "'Back to Search' [SEP] 'Page 4 (Total results: 24)' [SEP] '< Prev' [SEP] 'Next >'",
    );
    expect(steps[4]?.text).toBe(steps[2]?.text);
  });

  test('results of nothing', () => {
    expect(play('search[zebra]').last.anchor).toBe(
      "'Back to Search' [SEP] 'Page 1 (Total results: 0)' [SEP] 'Next >'",
    );
  });

  test('item', () => {
    const { last } = play('search[lamp]', 'click[l000000001]');

    expect(last.anchor).toBe(
      "'Back to Search' [SEP] '< Prev' [SEP] 'color' [SEP] 'red' [SEP] 'blue' [SEP] 'size' [SEP] 'small' [SEP] 's | m' [SEP] " +
        "'Desk Lamp' [SEP] 'Price: $20.0' [SEP] 'Rating: N.A.' [SEP] 'Description' [SEP] 'Features' [SEP] 'Reviews' [SEP] 'Buy Now'",
    );
    expect(last.actions).toEqual(
      [
        ...['back to search', '< prev', 'description', 'features', 'reviews', 'buy now'],
        ...['red', 'blue', 'small', 's | m'],
      ].map((argument) => `click[${argument}]`),
    );
  });

  test.each([
    ['description', " [SEP] 'A lamp that shines.'"],
    ['features', " [SEP] 'Bright' [SEP] 'Warm'"],
    ['reviews', ''],
  ])('sub page %s', (sub, texts) => {
    const { last } = play('search[lamp]', 'click[l000000001]', `click[${sub}]`);

    expect(last.anchor).toBe(`'Back to Search' [SEP] '< Prev'${texts}`);
    expect(last.actions).toEqual(['click[back to search]', 'click[< prev]']);
  });

  test('sub page attributes, only where it is wanted', () => {
    expect(play('search[lamp]', 'click[l000000001]', 'click[attributes]').last.isValid).toBe(false);
    const session = new ShopSession(small, wanted, { hasAttributesPage: true });
    session.act('search[lamp]');
    expect(session.act('click[l000000001]').text).toContain('Reviews [SEP] Attributes [SEP] Buy Now');
    expect(session.act('click[attributes]').anchor).toBe(
      "'Back to Search' [SEP] '< Prev' [SEP] 'solid wood'",
    );
  });

  test('done', () => {
    const { last, session } = play('search[lamp]', 'click[l000000001]', 'click[red]', 'click[buy now]');

    expect(last).toMatchObject({ isValid: true, reward: 1, done: true, actions: [] });
    expect(last.text).toContain('Thank you');
    expect(last.anchor).toBe(last.text);
    expect(session.result).toMatchObject({ score: 1, optionHits: 1, attributeHits: 1 });
  });
});

describe('textAfterTask', () => {
  test('gives the raw text where the task is no part of it', () => {
    expect(textAfterTask('a [SEP] b', 'c')).toBe('a [SEP] b');
    expect(textAfterTask('a [SEP] b [SEP] c', ' b ')).toBe("'c'");
  });
});

describe('navigation', () => {
  const item = ['search[lamp]', 'click[l000000001]'];

  test.each<[string, string[]]>([
    ['an empty search', ['search[]']],
    ['the inert button', ['click[search]']],
    ['a value that is not on the page', [...item, 'click[green]']],
    ['another page of an item', [...item, 'click[next >]']],
    ['the first page before the first', ['search[oak]', 'click[< prev]']],
    ['buying on a sub page', [...item, 'click[description]', 'click[buy now]']],
    ['an unknown action', ['look[lamp]']],
    ['a name in upper case', ['SEARCH[lamp]']],
    ['nested brackets', ['search[a[b]]']],
    ['a product of other results', ['search[oak]', 'click[l000000001]']],
  ])('does nothing on %s', (_what, actions) => {
    const before = actions.length > 1 ? play(...actions.slice(0, -1)).last : start().view();
    const { last } = play(...actions);

    expect(last).toMatchObject({ isValid: false, reward: 0, done: false });
    expect(last.text).toBe(before.text);
  });

  test('reads arguments whatever their case', () => {
    expect(play('search[LAMP]', 'click[L000000001]', 'click[Buy Now]').last.done).toBe(true);
  });

  test('searches from any page, and forgets what was chosen', () => {
    const { session } = play(...item, 'click[red]', 'search[oak]');
    expect(session.state).toMatchObject({ page: 'results', results: { query: 'oak' }, number: 1 });
    const again = play(...item, 'click[red]', ...item, 'click[buy now]');
    expect(again.session.result?.optionHits).toBe(0);
  });

  test('choosing an option changes no text, and the last value of a name counts', () => {
    const { steps, session } = play(...item, 'click[blue]', 'click[red]', 'click[small]');

    expect(new Set(steps.slice(1).map(({ anchor }) => anchor)).size).toBe(1);
    expect(steps.every(({ isValid }) => isValid)).toBe(true);
    expect(session.state).toMatchObject({
      chosen: new Map([
        ['color', 'red'],
        ['size', 'small'],
      ]),
    });
  });

  test('going back from a sub page keeps options, from an item loses them', () => {
    const kept = play(...item, 'click[red]', 'click[features]', 'click[< prev]', 'click[buy now]');
    expect(kept.last.reward).toBe(1);
    const lost = play(...item, 'click[red]', 'click[< prev]', 'click[l000000001]', 'click[buy now]');
    expect(lost.session.result).toMatchObject({ optionHits: 0, score: 2 / 3 });
  });

  test('going back from an item shows the page of results that it was found on', () => {
    const { steps, last } = play('search[oak]', 'click[next >]', 'click[m000000022]', 'click[< prev]');
    expect(last.text).toBe(steps[1]?.text);
  });

  test('back to search forgets everything', () => {
    const { session, last } = play(...item, 'click[red]', 'click[back to search]');
    expect(session.state).toEqual({ page: 'search' });
    expect(last.anchor).toBe("'Search'");
  });

  test('of equal values the last name is chosen', () => {
    const twin = product({
      ...lamp,
      options: [
        { name: 'top', values: ['red'] },
        { name: 'base', values: ['red', 'search'] },
      ],
    });
    const session = new ShopSession(buildShop(catalogue(twin)), wanted);
    session.act('search[lamp]');
    session.act('click[l000000001]');

    session.act('click[red]');

    expect(session.state).toMatchObject({ chosen: new Map([['base', 'red']]) });
    expect(session.act('click[search]').isValid).toBe(false);
  });

  test('nothing happens after the purchase', () => {
    const { last } = play(...item, 'click[red]', 'click[buy now]', 'click[buy now]');
    expect(last).toMatchObject({ isValid: false, reward: 0, done: true });
  });
});

describe('any actions', () => {
  const likely = fc.constantFrom(
    ...['search[lamp]', 'search[oak]', 'click[l000000001]', 'click[next >]', 'click[< prev]', 'click[red]'],
    ...[
      'click[back to search]',
      'click[features]',
      'click[buy now]',
      'click[m000000012]',
      'click[__proto__]',
    ],
  );
  const odd = fc.string({ unit: fc.constantFrom(...'[]sclik search\n'), maxLength: 40 });
  const action = fc.oneof(
    { weight: 4, arbitrary: likely },
    odd,
    fc.string({ unit: 'binary', maxLength: 200 }),
  );

  test('never throw, and give the same steps again', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 1, maxLength: 15 }), (actions) => {
        const { steps, session } = play(...actions);
        expect(play(...actions).steps).toEqual(steps);
        for (const step of steps) {
          expect(step.reward).toBeGreaterThanOrEqual(0);
          expect(step.reward).toBeLessThanOrEqual(1);
          expect(step.actions.length > 0).toBe(!step.done);
        }
        expect(session.result !== null).toBe(steps.at(-1)?.done);
      }),
    );
  });

  test('do nothing exactly where they are not offered', () => {
    fc.assert(
      fc.property(fc.array(likely, { minLength: 1, maxLength: 12 }), (actions) => {
        const session = start();
        for (const next of actions) {
          const { actions: offered } = session.view();
          const isSearch = next.startsWith('search[') && session.result === null;
          expect(session.act(next).isValid).toBe(isSearch || offered.includes(next));
        }
      }),
    );
  });
});

describe('a long action', () => {
  // Anything worse than linear would outlast the test.
  const LENGTH = 400_000;
  const hostile: readonly (readonly [string, string])[] = [
    ['opening brackets', '['.repeat(LENGTH)],
    ['closing brackets', ']'.repeat(LENGTH)],
    ['pairs of brackets', '[]'.repeat(LENGTH / 2)],
    ['a long query', `search[${'lamp '.repeat(LENGTH / 5)}]`],
    ['one long word', `search[${'y'.repeat(LENGTH)}]`],
    ['joiners', `search[${"a'".repeat(LENGTH / 2)}]`],
    ['marks after a joiner', `search[${`a.${'\u0301'.repeat(50)}`.repeat(LENGTH / 52)}]`],
    ['suffixes', `search[${'ational'.repeat(LENGTH / 7)}]`],
  ];

  test.each(hostile)('of %s is taken', (_what, text) => {
    const step = start().act(text);

    expect(step).toMatchObject({ reward: 0, done: false, isValid: text.startsWith('search[') });
  });
});
