import { serve } from '@residency/tensor';
import type { EngineOptions, LearnRequest, LoraOptions, SampleRequest } from '../engine-types.js';
import { initState, learnStep } from './learn.js';
import { openModel } from './model.js';
import { sampleGroup } from './sample.js';

serve(async (options: EngineOptions) => {
  const model = await openModel(options);
  return {
    info: async () => model.info,
    initState: async (lora: LoraOptions) => initState(model, lora),
    sample: (request: SampleRequest) => sampleGroup(model, request),
    learn: (request: LearnRequest) => learnStep(model, request),
  };
});
