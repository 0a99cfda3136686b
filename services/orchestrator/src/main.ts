import { readConfig, runService } from '@residency/service';
import { orchestratorFields, startOrchestrator } from './app.js';

await runService('orchestrator', async () => startOrchestrator(readConfig(orchestratorFields, process.env)));
