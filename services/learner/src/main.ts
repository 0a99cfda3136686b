import { openEngine } from '@residency/model';
import { readConfig, runService } from '@residency/service';
import { resolveDevice } from '@residency/tensor';
import { learnerFields, startLearner } from './app.js';

await runService('learner', async () =>
  startLearner(readConfig(learnerFields, process.env), { openEngine, resolveDevice }),
);
