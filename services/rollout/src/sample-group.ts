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
import type { Tokenizer } from '@residency/text';

/** The part of a tokenizer that sampling needs. */
export type PromptTokenizer = Pick<Tokenizer, 'applyChatTemplate' | 'decode' | 'stopIds'>;

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

function encodePrompt(request: SampleGroupRequest): number[] {
  const { payload, row, spec, tokenizer, engine } = request;
  let ids: number[];
  try {
    ids = tokenizer.applyChatTemplate(row.messages, { addGenerationPrompt: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ResidencyError('invalid_dataset', `row ${payload.item + 1}: chat template: ${reason}`, {
      cause,
    });
  }
  const positions = ids.length + spec.maxNewTokens;
  if (ids.length === 0 || positions > engine.model.maxPositions) {
    throw new ResidencyError(
      'prompt_too_long',
      `row ${payload.item + 1}: found ${ids.length} prompt tokens and max_new_tokens ${spec.maxNewTokens}, ` +
        `wanted 1 to ${engine.model.maxPositions} together`,
    );
  }
  return ids;
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
  const promptIds = encodePrompt(request);
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
