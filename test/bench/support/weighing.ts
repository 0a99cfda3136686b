import { agentAdvantages, type EpisodeStep, scoreSteps } from '@residency/algorithms';
import type { GatewayClient } from '@residency/cli';
import type { JobEventObject, SampledGroup } from '@residency/protocol';
import { median } from './statistics.js';

const RUNS = 9;

/** What weighing the steps of a job's last training step takes, and what such a step takes in all. */
export interface Weighing {
  readonly steps: number;
  /** Of scores, groups of equal states and advantages; median. */
  readonly weighingMs: number;
  /** Mean from one training step's commit to the next one's, evaluations left out. */
  readonly stepMs: number;
  readonly share: number;
}

const isStep = ({ data }: JobEventObject): boolean => typeof data['total_steps'] === 'number';

/** Seconds between neighbouring training steps with no evaluation between them. */
function stepSeconds(events: readonly JobEventObject[]): number {
  const ordered = [...events].reverse().filter(({ type }) => type === 'metrics');
  const gaps = ordered.flatMap((event, at) => {
    const before = ordered[at - 1];
    return before && isStep(before) && isStep(event) ? [event.created_at - before.created_at] : [];
  });
  return gaps.reduce((sum, gap) => sum + gap, 0) / Math.max(1, gaps.length);
}

/** @param events newest first */
export async function measureWeighing(
  client: GatewayClient,
  events: readonly JobEventObject[],
): Promise<Weighing> {
  const sha256 = String(events.find(isStep)?.data['ledger_sha256']);
  const lines = new TextDecoder()
    .decode(await client.artifact(sha256))
    .trim()
    .split('\n');
  const steps = lines.flatMap((line): EpisodeStep[] => {
    const { index, samples } = JSON.parse(line) as SampledGroup; // a line of a ledger
    return samples.flatMap(({ episode }, at) =>
      (episode?.turns ?? []).map(({ anchor, reward, isValid }) => ({
        ...{ group: String(index), trajectory: String(at), anchor, reward, isValid },
      })),
    );
  });
  const times = Array.from({ length: RUNS }, () => {
    const start = performance.now();
    const scored = scoreSteps(steps, { gamma: 0.95, invalidPenalty: 0.1 });
    agentAdvantages('gigpo', scored, { mode: 'mean_std_norm', omega: 1, similarity: null, history: 2 });
    return performance.now() - start;
  });
  const weighingMs = median(times);
  const stepMs = 1_000 * stepSeconds(events);
  return { steps: steps.length, weighingMs, stepMs, share: weighingMs / stepMs };
}
