import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PlannedItem, planRuns } from '../../../../packages/model/src/engine/plan-runs.js';

const items: fc.Arbitrary<PlannedItem[]> = fc.array(
  fc.record({ rows: fc.integer({ min: 2, max: 300 }), layout: fc.constantFrom('a', 'a', 'a', 'b') }),
  { maxLength: 40 },
);
const maxRows = fc.integer({ min: 1, max: 1200 });
const largest = (run: readonly PlannedItem[]): number => Math.max(...run.map((i) => i.rows));
const total = (run: readonly PlannedItem[]): number => run.reduce((n, i) => n + i.rows, 0);

describe('planning runs', () => {
  it('keeps the order, and every item once', () => {
    fc.assert(
      fc.property(items, maxRows, (list, most) => {
        expect(planRuns(list, most).flat()).toEqual(list.map((_, i) => i));
      }),
      { seed: 1 },
    );
  });

  it('keeps runs of several within the rows, a quarter of padding, and one layout', () => {
    fc.assert(
      fc.property(items, maxRows, (list, most) => {
        for (const indices of planRuns(list, most)) {
          expect(indices.length).toBeGreaterThan(0);
          if (indices.length === 1) continue;
          const run = indices.flatMap((i) => list.slice(i, i + 1));
          const packed = run.length * largest(run);
          expect(packed).toBeLessThanOrEqual(most);
          expect(packed).toBeLessThanOrEqual(1.25 * total(run));
          expect(new Set(run.map((i) => i.layout)).size).toBe(1);
        }
      }),
      { seed: 2 },
    );
  });

  it('begins a new run only where the next item would not fit', () => {
    fc.assert(
      fc.property(items, maxRows, (list, most) => {
        const runs = planRuns(list, most);
        runs.slice(1).forEach((next, i) => {
          const before = (runs[i] ?? []).flatMap((k) => list.slice(k, k + 1));
          const [first] = next.flatMap((k) => list.slice(k, k + 1));
          if (!first) throw new Error('an empty run');
          const joined = [...before, first];
          const packed = joined.length * largest(joined);
          const fits = packed <= most && packed <= 1.25 * total(joined);
          expect(fits && joined.every((item) => item.layout === first.layout)).toBe(false);
        });
      }),
      { seed: 3 },
    );
  });

  it('gives an item that is longer than a run one of its own', () => {
    const of = (...rows: number[]): PlannedItem[] => rows.map((r) => ({ rows: r, layout: 'a' }));
    expect(planRuns(of(10, 10, 10), 20)).toEqual([[0, 1], [2]]);
    expect(planRuns(of(10, 500, 10, 10), 100)).toEqual([[0], [1], [2, 3]]);
    expect(planRuns(of(1000), 1)).toEqual([[0]]);
    expect(planRuns([], 100)).toEqual([]);
  });
});
