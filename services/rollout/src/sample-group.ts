import type { AdapterRef, Engine, Sample } from '@residency/model';
import {
  type JobSpec,
  ResidencyError,
  type RolloutPayload,
  type SampledCompletion,
  type SampledGroup,
  unitKeyStep,
  unitTemperatures,
} from '@residency/protocol';
import type { DatasetRow } from '@residency/storage';
import { encodePrompt, type PromptTokenizer } from './encode-prompt.js';

export interface SampleGroupRequest {
  readonly payload: RolloutPayload;
  readonly spec: JobSpec;
  readonly row: DatasetRow;
  readonly adapter: AdapterRef;
  readonly engine: Engine;
  readonly tokenizer: PromptTokenizer;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

function completionOf(sample: Sample, temperature: number, tokenizer: PromptTokenizer): SampledCompletion {
  const { ids, logprobs, stopReason } = sample;
  const text = tokenizer.decode(stopReason === 'stop' ? ids.slice(0, -1) : ids);
  return { ids, logprobs, temperature, stopReason, text };
}

/**
 * Samples the group that a payload names. What comes out depends on the job's seed, the unit, the index, the
 * adapter and the row alone: not on this worker, the attempt or the time.
 * @throws ResidencyError `prompt_too_long`, `invalid_dataset`, `engine_failed`, `engine_deadline`,
 * `memory_exceeded`, `cancelled`.
 */
export async function sampleGroup(request: SampleGroupRequest): Promise<SampledGroup> {
  const { payload, spec, adapter, engine, tokenizer } = request;
  const { phase, step, index, item, policy } = payload;
  const unit = { phase, step };
  const temperatures = unitTemperatures(spec, unit);
  const promptIds = encodePrompt(request, {
    newTokens: spec.maxNewTokens,
    what: `max_new_tokens ${spec.maxNewTokens}`,
  });
  const samples = await engine.sample(
    {
      adapter,
      promptIds,
      temperatures,
      maxNewTokens: spec.maxNewTokens,
      stopIds: [...tokenizer.stopIds],
      ...spec.filters,
      key: { seed: spec.seed, step: unitKeyStep(unit), prompt: index },
    },
    { deadlineMs: request.deadlineMs, signal: request.signal },
  );
  if (samples.length !== temperatures.length) {
    throw new ResidencyError(
      'engine_failed',
      `group ${index}: found ${samples.length} samples, wanted ${temperatures.length}`,
    );
  }
  const completions = samples.map((sample, at) => completionOf(sample, temperatures[at] ?? 0, tokenizer));
  return { phase, step, index, item, policy, promptIds, samples: completions };
}
