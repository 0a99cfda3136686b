import { readConfig, runService } from '@residency/service';
import { gatewayFields, startGateway } from './app.js';

await runService('gateway', async () => startGateway(readConfig(gatewayFields, process.env)));
