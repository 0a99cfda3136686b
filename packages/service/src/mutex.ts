import { Semaphore } from './semaphore.js';

/** Lets one task at a time through, in the order of asking. */
export class Mutex extends Semaphore {
  constructor() {
    super(1);
  }
}
