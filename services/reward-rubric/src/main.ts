import { readConfig, runService } from '@residency/service';
import { rewardRubricFields, startRewardRubric } from './app.js';

await runService('reward-rubric', async () => startRewardRubric(readConfig(rewardRubricFields, process.env)));
