import { readFileSync } from 'node:fs';
import { type Product, parsePrices, priceTag, type Shop, ShopSession } from '@residency/environments';
import { describe, expect, test } from 'vitest';
import { referenceFile } from '../../../support/reference-data.js';
import { goal, product } from '../../../support/small-shop.js';

const golden = (name: string) => referenceFile('golden', 'webshop', name);
const recordedPath = golden('real_trajectories_step640.json');
const cataloguePath = golden('observed_catalogue.json');
const read = (path: string | null) => (path === null ? '' : readFileSync(path, 'utf8'));

interface Step {
  readonly observation: string;
  readonly action: string;
  readonly step_reward: number;
}
interface Recorded {
  readonly trajectories: readonly { readonly steps: readonly Step[] }[];
}
interface Observed {
  readonly asin: string;
  readonly title: string;
  readonly price: string;
  readonly itemPageOptionBlock?: readonly string[];
}

const SEPARATOR = ' [SEP] ';
const partsOf = (observation: string) => observation.split(SEPARATOR).map((part) => part.slice(1, -1));

/** The page does not say which texts are names of options: the first stands for the one name. */
function optionsOf(block: readonly string[]): Product['options'] {
  const [name, ...values] = block;
  return name === undefined ? [] : [{ name, values }];
}

function pricesOf(tag: string): Product['prices'] {
  return parsePrices(tag.replace(' to ', '')) ?? [Number.NaN];
}

/** A shop in which every search finds the given products. */
function shopOf(found: readonly Product[]): Shop {
  const index = { documents: 0, terms: 0, search: () => [] };
  return { products: found, goals: [], index, search: () => found, priceOf: () => 1 };
}

/** A session on the given page of results. */
function onResults(found: readonly Product[], page = 1): ShopSession {
  const session = new ShopSession(shopOf(found), goal());
  session.act('search[x]');
  for (let number = 1; number < page; number++) session.act('click[next >]');
  return session;
}

describe.skipIf(recordedPath === null || cataloguePath === null)('recorded pages', () => {
  // The files' shapes are those of their README; a wrong one fails what reads it.
  const observed = (cataloguePath === null ? [] : JSON.parse(read(cataloguePath))) as readonly Observed[];
  const recorded = (
    recordedPath === null ? { trajectories: [] } : JSON.parse(read(recordedPath))
  ) as Recorded;
  const steps = recorded.trajectories.flatMap((trajectory) => trajectory.steps);
  const byAsin = new Map(
    observed.map(({ asin, title, price, itemPageOptionBlock = [] }) => {
      const options = optionsOf(itemPageOptionBlock);
      return [asin, product({ asin, title, options, prices: pricesOf(price), priceTag: price })] as const;
    }),
  );
  /** The product of an item's page. */
  const itemOf = (parts: readonly string[]) =>
    [...byAsin.values()].find(
      ({ title, priceTag: tag }) => parts.includes(title) && parts.includes(`Price: ${tag}`),
    );

  /** A session that shows the page, whose search found what the page says. */
  const sessionAt = (observation: string): ShopSession => {
    const parts = partsOf(observation);
    const item = itemOf(parts);
    if (parts.includes('Buy Now') && item !== undefined) {
      const session = onResults([item]);
      session.act(`click[${item.asin.toLowerCase()}]`);
      return session;
    }
    const [, number, total] = /^Page (\d+) \(Total results: (\d+)\)$/.exec(parts[1] ?? '') ?? [];
    if (number === undefined) return new ShopSession(shopOf([]), goal());
    const shown = parts.flatMap((part) => byAsin.get(part) ?? []);
    const found = Array.from({ length: Number(total) }, (_, place) => {
      return shown[place - (Number(number) - 1) * 10] ?? product({ asin: `X${place}` });
    });
    return onResults(found, Number(number));
  };

  test('are all there', () => {
    expect(steps).toHaveLength(208);
    expect(byAsin.size).toBe(218);
  });

  test('have price tags that the prices behind them give again', () => {
    for (const { price } of observed) expect(priceTag(pricesOf(price))).toBe(price);
  });

  test('are what a session shows, all of them', () => {
    const observations = steps.map(({ observation }) => observation);
    const count = (mark: string) => observations.filter((text) => text.includes(mark)).length;
    expect([
      count("'Page "),
      count("'Buy Now'"),
      observations.filter((text) => text === "'Search'").length,
    ]).toEqual([48, 113, 47]);
    for (const text of observations) expect(sessionAt(text).view().anchor).toBe(text);
    expect(new Set(observations).size).toBeGreaterThan(30);
  });

  test('do not show what is chosen', () => {
    const pages = new Set(
      steps.map(({ observation }) => observation).filter((text) => text.includes("'Buy Now'")),
    );
    for (const text of pages) {
      const value = itemOf(partsOf(text))?.options[0]?.values.at(-1);
      if (value === undefined) continue;
      expect(sessionAt(text).act(`click[${value}]`)).toMatchObject({ anchor: text, isValid: true });
    }
    expect(pages.size).toBe(10);
  });

  test('take the recorded actions as the original did', () => {
    const counts = { search: 0, click: 0, nothing: 0, success: 0 };
    for (const { observation, action, step_reward: reward } of steps) {
      const text = action.toLowerCase();
      const start = text.indexOf('<action>');
      const end = text.indexOf('</action>');
      if (start === -1 || end < start) continue;
      const act = text.slice(start + '<action>'.length, end).trim();
      const session = sessionAt(observation);
      const before = session.view().text;
      const step = session.act(act);

      const argument = act.slice(act.indexOf('[') + 1, -1);
      const item = itemOf(partsOf(observation));
      const texts = [item?.title, ...[...byAsin.values()].map(({ title }) => title)].map((title) =>
        title?.toLowerCase(),
      );
      const isButton =
        act.startsWith('click[') &&
        argument !== 'search' &&
        !texts.includes(argument) &&
        partsOf(observation).some((part) => part.toLowerCase() === argument);
      expect(step.isValid, `${observation}: ${act}`).toBe(isButton || act.startsWith('search['));
      if (!step.isValid) expect(step.text).toBe(before);
      if (reward > 0) expect(step).toMatchObject({ done: true });
      counts.success += reward > 0 ? 1 : 0;
      counts[step.isValid ? (act.startsWith('search') ? 'search' : 'click') : 'nothing']++;
    }
    expect(counts).toMatchObject({ success: 23 });
    expect(counts.search).toBeGreaterThan(40);
    expect(counts.click).toBeGreaterThan(100);
  });
});

/** The visible texts of a page of the original, as a browser without scripts would show them. */
function visibleTexts(html: string): string[] {
  const body = html.slice(html.indexOf('<body>'), html.indexOf('</body>'));
  return body
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .split(/<[^>]*>/)
    .map((text) =>
      text
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&#39;', "'")
        .replaceAll('&#34;', '"')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&')
        .trim(),
    )
    .filter((text) => text !== '');
}

const itemHtml = golden('mock_parse_item_page_ws.html');
const resultsHtml = golden('mock_parse_results_ws.html');
const descriptionHtml = golden('mock_parse_item_page_ws_desc.html');
const featuresHtml = golden('mock_parse_item_page_ws_feat.html');

describe.skipIf([itemHtml, resultsHtml, descriptionHtml, featuresHtml].includes(null))(
  'pages of the original',
  () => {
    const task =
      'i want an xx-small sized slim fit button down shirt with long sleeves. pick something in white, and price lower than 50.00 dollars';
    const aim = goal({ text: task });
    const open = (found: readonly Product[]) => {
      const session = new ShopSession(shopOf(found), aim);
      return { session, results: session.act('search[red basketball shoes]') };
    };

    test('results have the texts that a session shows', () => {
      const texts = visibleTexts(read(resultsHtml));
      expect(texts.slice(0, 2)).toEqual(['Instruction:', task]);
      const rows = texts.slice(5);
      expect(rows.length % 3).toBe(0);
      const found = Array.from({ length: 50 }, (_, place) => {
        const [asin = `X${place}`, title = '', tag = ''] = rows.slice(place * 3, place * 3 + 3);
        return product({ asin, title, priceTag: tag });
      });

      expect(open(found).results.text.split(SEPARATOR)).toEqual(texts);
    });

    test('item, description and features have the texts that a session shows', () => {
      const html = read(itemHtml);
      const values = (name: string) => [...html.matchAll(new RegExp(`name="${name}" value="([^"]*)"`, 'g'))];
      const title = visibleTexts(html).find((text) => text.includes('Running Shoes')) ?? '';
      const [description = ''] = visibleTexts(read(descriptionHtml)).slice(4);
      const bullets = visibleTexts(read(featuresHtml)).slice(4);
      const shown = product({
        asin: 'B09P87V3LZ',
        title,
        description,
        bullets,
        priceTag: '$100.0',
        options: ['color', 'size'].map((name) => ({
          name,
          values: values(name).map((match) => match[1] ?? ''),
        })),
      });
      expect(shown.options.map((option) => option.values.length)).toEqual([3, 5]);
      const { session } = open([shown]);

      expect(session.act('click[b09p87v3lz]').text.split(SEPARATOR)).toEqual(visibleTexts(html));
      expect(session.act('click[description]').text.split(SEPARATOR)).toEqual(
        visibleTexts(read(descriptionHtml)),
      );
      session.act('click[< prev]');
      expect(session.act('click[features]').text.split(SEPARATOR)).toEqual(visibleTexts(read(featuresHtml)));
      expect(bullets.length).toBeGreaterThan(5);
    });
  },
);
