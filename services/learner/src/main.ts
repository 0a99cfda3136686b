import { openEngine } from '@residency/model';
import { readConfig, runService } from '@residency/service';
import { learnerFields, startLearner } from './app.js';

await runService('learner', async () => startLearner(readConfig(learnerFields, process.env), { openEngine }));
