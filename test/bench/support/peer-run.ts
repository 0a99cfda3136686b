/** What a peer prints on its last line. */
export interface PeerRun {
  /** Median and least of its timed runs. */
  readonly ms: number;
  readonly minMs: number;
  readonly peakRssMb: number;
  /** Versions of what it is built from. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Reads the last line of what a peer printed. @throws Error where its figures are missing */
export function parsePeerRun(text: string): PeerRun {
  const line = text.trim().split('\n').at(-1) ?? '';
  const found: unknown = line.startsWith('{') ? JSON.parse(line) : null;
  const figures = new Map(Object.entries(found ?? {}));
  const number = (name: string): number => {
    const value = figures.get(name);
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new Error(`a peer printed ${JSON.stringify(line)}, want JSON with a number ${name}`);
  };
  const ms = number('ms');
  return {
    ms,
    minMs: figures.has('min_ms') ? number('min_ms') : ms,
    peakRssMb: number('peak_rss_mb'),
    versions: Object.fromEntries(
      [...figures].filter(
        (entry): entry is [string, string] =>
          ['torch', 'transformers', 'peft'].includes(entry[0]) && typeof entry[1] === 'string',
      ),
    ),
  };
}
