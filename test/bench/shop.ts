/**
 * Times the shop of the made-up catalogue: searches and steps a second on one core. Prints one line of JSON.
 * `npm run bench -- shop [--tasks n] [--runs n]`
 */
import { optionsOf, withGiven } from './support/options.js';
import { measureShop } from './support/shop-rates.js';

const { sizes, runs } = optionsOf({ name: 'shop', configs: ['default'], sizes: ['tasks'] });
const { tasks } = withGiven({ tasks: 2_000 }, sizes);
const line = { bench: 'shop', config: { tasks, runs }, ...measureShop(tasks, runs) };
process.stdout.write(`${JSON.stringify(line)}\n`);
