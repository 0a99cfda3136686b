import type { SampleKey, SampleRequest } from '../engine-types.js';
import { ModelError } from '../errors.js';
import type { OpenModel } from './model.js';

/** Random numbers are named by whole numbers of 32 bits. */
const LARGEST_KEY = 2 ** 32 - 1;
/** Logits divided by less may leave the range of f32. */
const LEAST_TEMPERATURE = 1e-6;

const bad = (message: string): ModelError => new ModelError('MODEL_REQUEST', message);
const isWhole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;

/** @throws ModelError `MODEL_REQUEST` naming what was found and what was wanted */
export function checkSampleRequest({ config }: OpenModel, r: SampleRequest): void {
  checkPrompts(r);
  const { stopSequences = [] } = r;
  if (stopSequences.some((s) => s.length === 0)) throw bad('stopSequences: want at least one token in each');
  const foreign = [
    ...r.promptIds,
    ...(r.ownPrompts ?? []).flat(),
    ...r.stopIds,
    ...stopSequences.flat(),
  ].find((id) => !isWhole(id, 0) || id >= config.vocab);
  if (foreign !== undefined) throw bad(`token id ${foreign}: want 0 to ${config.vocab - 1}`);
  checkKey(r.key);
  checkNumbers(r);
  checkDistribution(r);
  checkLengths(r, config.maxPositions);
}

function checkKey(key: SampleKey): void {
  for (const [name, value] of Object.entries(key)) {
    if (!isWhole(value, 0) || value > LARGEST_KEY)
      throw bad(`key.${name} is ${value}: want a whole number from 0 to ${LARGEST_KEY}`);
  }
}

function checkPrompts({ promptIds, ownPrompts, temperatures }: SampleRequest): void {
  if (ownPrompts === undefined) {
    if (promptIds.length === 0) throw bad('promptIds: want at least one token');
    return;
  }
  if (promptIds.length > 0) throw bad('promptIds: want none where samples have prompts of their own');
  if (ownPrompts.length !== temperatures.length)
    throw bad(`ownPrompts: want one for each of ${temperatures.length} samples, got ${ownPrompts.length}`);
  if (ownPrompts.some((prompt) => prompt.length === 0))
    throw bad('ownPrompts: want at least one token in each');
}

function checkNumbers({ sampleNumbers, temperatures }: SampleRequest): void {
  if (sampleNumbers === undefined) return;
  if (sampleNumbers.length !== temperatures.length)
    throw bad(
      `sampleNumbers: want one for each of ${temperatures.length} samples, got ${sampleNumbers.length}`,
    );
  const wrong = sampleNumbers.find((n) => !isWhole(n, 0) || n > LARGEST_KEY);
  if (wrong !== undefined)
    throw bad(`sampleNumbers has ${wrong}: want whole numbers from 0 to ${LARGEST_KEY}`);
  if (new Set(sampleNumbers).size < sampleNumbers.length) throw bad('sampleNumbers: want each number once');
}

function checkDistribution(r: SampleRequest): void {
  if (r.temperatures.length === 0) throw bad('temperatures: want one per sample');
  const wrong = r.temperatures.find((t) => !(t === 0 || (t >= LEAST_TEMPERATURE && t <= 100)));
  if (wrong !== undefined) throw bad(`temperature ${wrong}: want 0, or ${LEAST_TEMPERATURE} to 100`);
  const { topK = 0, topP = 1, minP = 0 } = r;
  if (!isWhole(topK, 0)) throw bad(`topK ${topK}: want a whole number of at least 0`);
  if (!(topP > 0 && topP <= 1)) throw bad(`topP ${topP}: want a number above 0 and at most 1`);
  if (!(minP >= 0 && minP <= 1)) throw bad(`minP ${minP}: want a number from 0 to 1`);
}

function checkLengths(r: SampleRequest, maxPositions: number): void {
  if (!isWhole(r.maxNewTokens, 1)) throw bad(`maxNewTokens ${r.maxNewTokens}: want a whole number above 0`);
  if (r.limits && r.limits.length !== r.temperatures.length)
    throw bad(`limits: want one for each of ${r.temperatures.length} samples, got ${r.limits.length}`);
  const limit = r.limits?.find((l) => !isWhole(l, 1) || l > r.maxNewTokens);
  if (limit !== undefined)
    throw bad(`limit ${limit}: want a whole number from 1 to maxNewTokens = ${r.maxNewTokens}`);
  const longest = Math.max(r.promptIds.length, ...(r.ownPrompts ?? []).map((prompt) => prompt.length));
  const length = longest + r.maxNewTokens;
  if (length > maxPositions) {
    throw bad(
      `${longest} prompt tokens and ${r.maxNewTokens} new ones are ${length}: the model has ${maxPositions} positions`,
    );
  }
}
