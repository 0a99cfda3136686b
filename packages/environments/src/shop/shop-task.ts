import { EnvironmentError } from '../errors.js';
import { ShopError, shown } from './errors.js';
import type { Goal } from './goals/goal.js';
import { drawGoal, splitRange } from './goals/goal-split.js';
import type { OptionMatching } from './reward/reward.js';
import type { Shop } from './shop.js';

/** What the score of a purchase is worth: itself, or 10 for a perfect one and else 0 (specs/gigpo.md section 4.3). */
export type ShopRewardKind = 'score' | 'success';

/** A task of the shop, read and completed. */
export interface ShopTask {
  readonly goal: Goal;
  readonly matching: OptionMatching;
  readonly reward: ShopRewardKind;
  readonly maxSteps: number;
}

/** Steps of an episode that agents' training takes (specs/gigpo.md section 1.5). */
const DEFAULT_MAX_STEPS = 15;
const MAX_MAX_STEPS = 100;

/** Keeps the draw of a goal apart from any other draw under the same seed. */
const STREAM = 0x540b;

const refuse = (param: string, message: string) => new EnvironmentError('ENVIRONMENT_TASK', param, message);

/** Integers from `least` to `greatest`. */
function integer(field: string, value: unknown, [least, greatest]: readonly [number, number]): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= greatest)
    return value;
  throw refuse(
    `task.${field}`,
    `task.${field} is ${shown(value)}, want an integer from ${least} to ${greatest}`,
  );
}

function choice<T extends string>(field: string, value: unknown, values: readonly T[]): T {
  const found = values.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw refuse(`task.${field}`, `task.${field} is ${shown(value)}, want one of: ${values.join(', ')}`);
}

const FIELDS = ['goal', 'split', 'matching', 'reward', 'maxSteps'];

function fieldsOf(task: unknown): Readonly<Record<string, unknown>> {
  if (task === undefined || task === null) return {};
  if (typeof task !== 'object' || Array.isArray(task)) {
    throw refuse('task', `shop task is ${shown(task)}, want an object of: ${FIELDS.join(', ')}`);
  }
  for (const field of Object.keys(task).sort()) {
    if (FIELDS.includes(field)) continue;
    throw refuse(`task.${field}`, `task.${field} is unknown, want only: ${FIELDS.join(', ')}`);
  }
  // Just seen to be an object that is no list.
  return task as Record<string, unknown>;
}

/** The place that a task names, or the one that the seed draws from a split. */
function placeOf(fields: Readonly<Record<string, unknown>>, shop: Shop, seed: number): number {
  const { goal, split } = fields;
  if (goal !== undefined && split !== undefined) {
    throw refuse('task.split', 'task.split stands beside task.goal, want only one of them');
  }
  if (goal !== undefined) return integer('goal', goal, [0, shop.goals.length - 1]);
  const part = choice('split', split ?? 'train', ['train', 'validation']);
  try {
    return drawGoal(splitRange('verl-agent', part, shop.goals.length), [STREAM, seed]);
  } catch (thrown) {
    if (thrown instanceof ShopError) throw refuse('task.split', thrown.message);
    throw thrown;
  }
}

/**
 * Reads a task of the shop.
 * @param seed an integer in [0, 2^32)
 * @throws EnvironmentError ENVIRONMENT_TASK
 */
export function parseShopTask(task: unknown, shop: Shop, seed: number): ShopTask {
  const fields = fieldsOf(task);
  const { matching = 'fixed', reward = 'score', maxSteps = DEFAULT_MAX_STEPS } = fields;
  const goal = shop.goals[placeOf(fields, shop, seed)];
  if (goal === undefined) throw refuse('task.goal', 'task.goal names no goal: the shop has none');
  return {
    goal,
    matching: choice('matching', matching, ['fixed', 'compatible']),
    reward: choice('reward', reward, ['score', 'success']),
    maxSteps: integer('maxSteps', maxSteps, [1, MAX_MAX_STEPS]),
  };
}
