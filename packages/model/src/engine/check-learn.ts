import { AGGREGATIONS } from '@residency/algorithms';
import type { LearnGroup, LearnHyperparameters, OldLogprobs } from '../engine-types.js';
import { ModelError } from '../errors.js';
import type { OpenModel } from './model.js';

const OLD_LOGPROBS: readonly OldLogprobs[] = ['recorded', 'scored'];

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
  if (h.aggregation === 'fixed-length' && !((h.fixedLength ?? 0) > 0)) {
    throw new ModelError('MODEL_REQUEST', `fixedLength is ${h.fixedLength}, want a number of tokens above 0`);
  }
}

function checkName(field: string, value: string | undefined, known: readonly string[]): void {
  if (value === undefined || known.includes(value)) return;
  throw new ModelError('MODEL_REQUEST', `${field} is ${value}, want one of: ${known.join(', ')}`);
}

/** @throws ModelError `MODEL_REQUEST` naming the group and sample */
export function checkGroups({ config }: OpenModel, groups: readonly LearnGroup[]): void {
  groups.forEach((group, g) => {
    const bad = (what: string): ModelError => new ModelError('MODEL_REQUEST', `group ${g}: ${what}`);
    if (group.promptIds.length === 0) throw bad('want at least one prompt token');
    group.samples.forEach((s, i) => {
      if (s.ids.length !== s.logprobs.length)
        throw bad(`sample ${i} has ${s.ids.length} ids and ${s.logprobs.length} logprobs`);
      if (!s.logprobs.every(Number.isFinite))
        throw bad(`sample ${i} has a log-probability that is not finite`);
      if (!Number.isFinite(s.advantage)) throw bad(`sample ${i} has advantage ${s.advantage}`);
      const length = group.promptIds.length + s.ids.length;
      if (length > config.maxPositions)
        throw bad(`sample ${i} has ${length} tokens: the model has ${config.maxPositions} positions`);
      const foreign = [...group.promptIds, ...s.ids].find(
        (id) => !Number.isInteger(id) || id < 0 || id >= config.vocab,
      );
      if (foreign !== undefined) throw bad(`token id ${foreign}: want 0 to ${config.vocab - 1}`);
    });
  });
}
