import { openEngine } from '@residency/model';
import { readConfig, runService } from '@residency/service';
import { resolveDevice } from '@residency/tensor';
import { openTokenizer } from '@residency/text';
import { rolloutFields, startRollout } from './app.js';

await runService('rollout', async () =>
  startRollout(readConfig(rolloutFields, process.env), { openEngine, openTokenizer, resolveDevice }),
);
