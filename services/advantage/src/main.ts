import { readConfig, runService } from '@residency/service';
import { advantageFields, startAdvantage } from './app.js';

await runService('advantage', async () => startAdvantage(readConfig(advantageFields, process.env)));
