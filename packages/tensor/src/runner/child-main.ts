import { serve } from '../process/serve.js';
import { createLocalRunner } from './local.js';
import type { Feed, ModelToLoad } from './runner.js';

serve(async () => {
  const runner = createLocalRunner();
  return {
    load: (model: ModelToLoad) => runner.load(model),
    run: (run: { id: string; feeds: Record<string, Feed> }) => runner.run(run.id, run.feeds),
    release: (id: string) => runner.release(id),
  };
});
