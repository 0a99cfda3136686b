import { AGGREGATIONS, OBJECTIVES, OLD_LOGPROBS } from '@residency/algorithms';
import type { DecoderConfig } from '../config.js';
import type { LearnHyperparameters, LearnTrajectory } from '../engine-types.js';
import { ModelError } from '../errors.js';
import { isTrajectories, type LearnItem } from './learn-item.js';
import type { OpenModel } from './model.js';

/** @throws ModelError `MODEL_REQUEST` naming the number that is out of its range, or the name that is unknown */
export function checkHyperparameters(h: LearnHyperparameters): void {
  for (const [name, value] of Object.entries(h)) {
    if (typeof value !== 'number') continue;
    if (!Number.isFinite(value) || value < 0)
      throw new ModelError('MODEL_REQUEST', `${name} is ${value}, want a number of at least 0`);
  }
  if (h.temperature === 0) throw new ModelError('MODEL_REQUEST', 'temperature is 0, want a number above 0');
  checkName('oldLogprobs', h.oldLogprobs, OLD_LOGPROBS);
  checkName('aggregation', h.aggregation, AGGREGATIONS);
  checkName('objective', h.objective, OBJECTIVES);
  if (h.aggregation === 'fixed-length' && !((h.fixedLength ?? 0) > 0)) {
    throw new ModelError('MODEL_REQUEST', `fixedLength is ${h.fixedLength}, want a number of tokens above 0`);
  }
}

function checkName(field: string, value: string | undefined, known: readonly string[]): void {
  if (value === undefined || known.includes(value)) return;
  throw new ModelError('MODEL_REQUEST', `${field} is ${value}, want one of: ${known.join(', ')}`);
}

/** @throws ModelError `MODEL_REQUEST` naming the group, and the sample or trajectory */
export function checkGroups({ config }: OpenModel, groups: readonly LearnItem[]): void {
  groups.forEach((group, g) => {
    const bad = (what: string): ModelError => new ModelError('MODEL_REQUEST', `group ${g}: ${what}`);
    if (isTrajectories(group)) {
      group.trajectories.forEach((t, i) => {
        const ofThis = (what: string): ModelError => bad(`trajectory ${i} ${what}`);
        checkTargets(t, ofThis);
        checkSequence(t.ids, t, config, ofThis);
      });
      return;
    }
    if (group.promptIds.length === 0) throw bad('want at least one prompt token');
    group.samples.forEach((s, i) => {
      const ofThis = (what: string): ModelError => bad(`sample ${i} ${what}`);
      if (s.ids.length !== s.logprobs.length)
        throw ofThis(`has ${s.ids.length} ids and ${s.logprobs.length} logprobs`);
      const tokens = { logprobs: s.logprobs, advantages: [s.advantage] };
      checkSequence([...group.promptIds, ...s.ids], tokens, config, ofThis);
    });
  });
}

/** @throws ModelError `MODEL_REQUEST` naming the group that is no pair */
export function checkPairs(groups: readonly LearnItem[]): void {
  groups.forEach((group, g) => {
    const isPair =
      !isTrajectories(group) && group.samples.length === 2 && group.samples.every((s) => s.ids.length > 0);
    if (!isPair)
      throw new ModelError(
        'MODEL_REQUEST',
        `group ${g}: want two samples with tokens, the chosen one and the rejected one`,
      );
  });
}

type Refusal = (what: string) => ModelError;

function checkTargets({ ids, targets, logprobs, advantages }: LearnTrajectory, bad: Refusal): void {
  if (targets.length !== logprobs.length || targets.length !== advantages.length) {
    throw bad(
      `has ${targets.length} targets, ${logprobs.length} logprobs and ${advantages.length} advantages`,
    );
  }
  targets.forEach((place, k) => {
    const before = targets[k - 1] ?? 0;
    if (!Number.isInteger(place) || place <= before || place >= ids.length)
      throw bad(`has target ${place} after ${before}: want rising places from 1 to ${ids.length - 1}`);
  });
}

function checkSequence(
  ids: readonly number[],
  { logprobs, advantages }: { readonly logprobs: readonly number[]; readonly advantages: readonly number[] },
  { maxPositions, vocab }: DecoderConfig,
  bad: Refusal,
): void {
  if (!logprobs.every(Number.isFinite)) throw bad('has a log-probability that is not finite');
  const advantage = advantages.find((a) => !Number.isFinite(a));
  if (advantage !== undefined) throw bad(`has advantage ${advantage}`);
  if (ids.length > maxPositions)
    throw bad(`has ${ids.length} tokens: the model has ${maxPositions} positions`);
  const foreign = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocab);
  if (foreign !== undefined) throw bad(`has token id ${foreign}: want 0 to ${vocab - 1}`);
}
