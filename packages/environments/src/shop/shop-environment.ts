import type { Environment, Episode, EpisodeOptions, Observation, Step } from '../environment.js';
import { EnvironmentError } from '../errors.js';
import { generatedShop } from './generated/generated-shop.js';
import { ShopSession, type ShopView } from './session.js';
import type { Shop } from './shop.js';
import { parseShopTask, type ShopRewardKind } from './shop-task.js';

/** Reward of a purchase by its score in [0, 1]. */
const REWARDS: { readonly [K in ShopRewardKind]: (score: number) => number } = {
  score: (score) => score,
  success: (score) => (score === 1 ? 10 : 0),
};

/** Listed by the page, yet it does nothing (specs/webshop.md section 4). */
const INERT_ACTION = 'click[search]';

function openShop(shop: Shop, { task, seed }: EpisodeOptions): Episode {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new EnvironmentError('ENVIRONMENT_SEED', 'seed', `seed is ${seed}, want an integer in [0, 2^32)`);
  }
  const { goal, matching, reward: kind, maxSteps } = parseShopTask(task, shop, seed);
  const session = new ShopSession(shop, goal, { matching });
  let outcome: string | null = null;
  let won = false;
  let steps = 0;

  const see = ({ text, anchor, actions }: ShopView): Observation => ({
    text,
    admissible: outcome === null ? actions.filter((action) => action !== INERT_ACTION).sort() : [],
    anchor,
  });

  return {
    task: goal.text,
    observe: () => see(session.view()),
    act(action): Step {
      if (outcome !== null) {
        const info = { isValid: false, outcome, won, steps };
        return { ...see(session.view()), text: 'The episode is over.', reward: 0, done: true, info };
      }
      steps++;
      const result = session.act(action.trim().toLowerCase());
      if (result.done) {
        outcome = `purchase, score ${result.reward}`;
        won = result.reward === 1;
      } else if (steps >= maxSteps) outcome = 'step limit';
      const done = outcome !== null;
      const reward = result.done ? REWARDS[kind](result.reward) : 0;
      return { ...see(result), reward, done, info: { isValid: result.isValid, outcome, won, steps } };
    },
  };
}

/**
 * An environment over a shop: search, look, choose options and buy what the task asks for. Task:
 * `{ split?: 'train' | 'validation', goal?: place of a goal, matching?: 'fixed' | 'compatible',
 * reward?: 'score' | 'success', maxSteps?: 1..100 }`; without `goal` the seed draws one from the split, `train` where
 * absent. Actions are read in lower case; the purchase alone is worth anything (specs/webshop.md section 5).
 * @param shop gives the shop; called for each episode
 */
export function createShopEnvironment(name: string, shop: () => Shop): Environment {
  return { name, open: (options) => openShop(shop(), options) };
}

/** The shop of the made-up catalogue: see `createShopEnvironment`. */
export const shop: Environment = createShopEnvironment('shop', generatedShop);
