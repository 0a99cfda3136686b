import { describe, expect, it } from 'vitest';
import { parsePeerRun } from '../../bench/support/peer-run.js';
import { rateFigures, sideFigures } from '../../bench/support/report.js';

describe('figures of a benchmark', () => {
  const runs = [
    { ms: 200, minMs: 150, peakRssMb: 500, rate: 100, versions: {} },
    { ms: 400, minMs: 200, peakRssMb: 502, rate: 50, versions: {} },
    { ms: 100, minMs: 100, peakRssMb: 900, rate: 80, versions: {} },
  ];

  it('are medians over the rounds, and the least of all runs', () => {
    expect(sideFigures(runs, 50)).toEqual({ ms: 200, minMs: 100, tokensPerS: 250, peakRssMb: 502 });
  });

  it('set the rate that was achieved against the rate of plain products in the same process', () => {
    // 4 billion operations in 200 ms are 20 billion a second; by round 20/100, 10/50 and 40/80.
    const figures = rateFigures(runs, 4e9);

    expect(figures).toEqual({ achieved: 20, matmul: 80, share: 0.2, bestShare: 0.4 });
    expect(
      rateFigures(
        runs.map((r) => ({ ...r, rate: null })),
        4e9,
      ),
    ).toEqual({ achieved: 20 });
  });
});

describe('parsePeerRun', () => {
  it('reads the last line that a peer printed', () => {
    const text =
      'a warning\n{"ms": 12.5, "min_ms": 11, "peak_rss_mb": 300, "torch": "2.1", "mode": "shared"}\n';

    expect(parsePeerRun(text)).toEqual({
      ms: 12.5,
      minMs: 11,
      peakRssMb: 300,
      versions: { torch: '2.1' },
    });
  });

  it('takes the median for the least where a peer does not say it', () => {
    expect(parsePeerRun('{"ms": 12.5, "peak_rss_mb": 300}').minMs).toBe(12.5);
  });

  it('refuses output without figures', () => {
    expect(() => parsePeerRun('')).toThrow(/want JSON with a number ms/);
    expect(() => parsePeerRun('{"ms": 3}')).toThrow(/peak_rss_mb/);
    expect(() => parsePeerRun('done')).toThrow(/"done"/);
  });
});
