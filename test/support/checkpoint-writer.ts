// A process that saves two checkpoints in turn to one path, and says so before each, until it is killed.
import { saveCheckpoint } from '@residency/model';
import { OWNER, randomCheckpoint } from './random-checkpoint.js';

const [path = ''] = process.argv.slice(2);
// Large enough that a kill meets it while it writes.
const owner = { ...OWNER, rank: 512 };
const checkpoints = [1, 2].map((seed) => randomCheckpoint(seed, owner));
for (;;) {
  for (const checkpoint of checkpoints) {
    process.send?.('saving');
    await saveCheckpoint(path, checkpoint);
  }
}
