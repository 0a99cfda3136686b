import { readConfig, runService } from '@residency/service';
import { rewardEnvironmentFields, startRewardEnvironment } from './app.js';

await runService('reward-environment', async () =>
  startRewardEnvironment(readConfig(rewardEnvironmentFields, process.env)),
);
