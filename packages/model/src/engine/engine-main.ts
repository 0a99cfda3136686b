import { serve } from '@residency/tensor';
import type { EngineOptions, LearnRequest, SampleRequest, StateOptions } from '../engine-types.js';
import { initState, learnStep } from './learn.js';
import { openModel } from './model.js';
import { sampleGroup } from './sample.js';

serve(async (options: EngineOptions) => {
  const model = await openModel(options);
  return {
    info: async () => model.info,
    initState: (options: StateOptions) => initState(model, options),
    sample: (request: SampleRequest) => sampleGroup(model, request),
    learn: (request: LearnRequest) => learnStep(model, request),
  };
});
