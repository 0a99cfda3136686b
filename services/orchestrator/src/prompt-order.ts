import { shuffle } from '@residency/algorithms';
import { type JobSpec, type Unit, unitGroups } from '@residency/protocol';

// Keeps this stream of random numbers apart from the sampler's, which starts with the same seed.
const ORDER_STREAM = 0x6f726465;

/** Permutations of one run; an epoch's is wanted by every step of the epoch. */
const orders = new Map<string, number[]>();
const KEPT_ORDERS = 16;

function epochOrder(spec: JobSpec, epoch: number): number[] {
  const { rows } = spec.training;
  const key = `${spec.seed}/${rows}/${epoch}`;
  const known = orders.get(key);
  if (known !== undefined) return known;
  const order = shuffle(rows, [spec.seed, ORDER_STREAM, epoch]);
  const [oldest] = orders.keys();
  if (orders.size >= KEPT_ORDERS && oldest !== undefined) orders.delete(oldest);
  orders.set(key, order);
  return order;
}

/**
 * The dataset rows of a unit's groups, in group order. Training walks through the epochs without a break, each in an
 * order that seed and epoch decide; evaluation takes every case once, as it stands.
 */
export function unitItems(spec: JobSpec, unit: Unit): number[] {
  const count = unitGroups(spec, unit);
  if (unit.phase === 'eval') return Array.from({ length: count }, (_, index) => index);
  const { rows } = spec.training;
  return Array.from({ length: count }, (_, index) => {
    const at = unit.step * spec.groupsPerStep + index;
    const item = epochOrder(spec, Math.floor(at / rows))[at % rows];
    if (item === undefined) throw new RangeError(`internal: no row ${at % rows} of ${rows}`);
    return item;
  });
}
