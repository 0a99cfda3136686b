import {
  type CrossReferenceLimits,
  type CrossReferenceName,
  crossReferences,
  DEFAULT_LIMITS,
} from '../cross-reference.js';
import { type FieldReader, namesOf } from '../spec-fields.js';
import type { TagNames } from '../structure.js';
import { type VerifierName, verifiers } from '../verifier.js';
import type { ChoicePenalties } from './boxes.js';
import { type CharacterSetName, characterSets } from './characters.js';
import { type LoopholeName, loopholes } from './loopholes.js';
import { type Profile, type ProfileName, profiles } from './profile.js';
import type { SafetyRule } from './safety.js';

/** A CRPO grader as a job names it, with every default filled in. */
export interface CrpoGraderSpec {
  readonly type: 'crpo';
  readonly name: string;
  readonly profile: ProfileName;
  /** Weight of accuracy, 0..1000. @defaultValue 10 */
  readonly k: number;
  /** Reward for the structure, 0..100. @defaultValue 1 */
  readonly formatReward: number;
  /** Reward for an answer that cites its reasoning, or has a summary, 0..100. @defaultValue 0.5 */
  readonly bonus: number;
  /** Weight of the share of effective characters, 0..100. @defaultValue 0.5 */
  readonly consistencyWeight: number;
  /** Accuracy of what cannot be read as a choice, -100..0 each. @defaultValue the profile's */
  readonly penalties: ChoicePenalties;
  /** @defaultValue the profile's */
  readonly tags: TagNames;
  /** `strict` also wants both blocks non-empty, every tag once, and both System labels. @defaultValue 'lenient' */
  readonly structure: StructureMode;
  /** Characters that count as effective. @defaultValue 'ascii' and no extra ones */
  readonly characters: { readonly set: CharacterSetName; readonly extra: string };
  /** @defaultValue 'lexical' with the limits of CRPO specification 2.4 */
  readonly crossref: CrossReferenceSpec;
  /** Adds the verifier's components with weight 0; null leaves them out. @defaultValue null */
  readonly verifier: VerifierName | null;
  /** Whether each loophole is a component of weight 0: 1 where the completion uses it. @defaultValue true */
  readonly reportsLoopholes: boolean;
  /** Loopholes that cap the total. @defaultValue none */
  readonly veto: { readonly names: readonly LoopholeName[]; readonly cap: number };
  /** Caps the total where a statement of the item's `forbidden` is made or one of `required` is missing; null for no rule. @defaultValue null */
  readonly safety: SafetyRule | null;
  /** Where completions end, for profile grpo-released; empty for nowhere. @defaultValue the profile's */
  readonly endOfText: string;
  /** Whether the prompt gives the opening tag, for profile grpo-released. @defaultValue false */
  readonly addsOpeningTag: boolean;
}

/** A predicate by its name, or a judging model that the operator allows. */
export type CrossReferenceSpec =
  | { readonly test: CrossReferenceName; readonly limits: CrossReferenceLimits }
  | { readonly test: 'judge'; readonly model: string; readonly limits: CrossReferenceLimits };

export type StructureMode = 'lenient' | 'strict';

const EVERY = [
  ...['type', 'name', 'profile', 'k', 'format_reward', 'bonus', 'consistency_weight', 'penalties', 'tags'],
  ...['structure', 'characters', 'extra_characters', 'verifier', 'loopholes', 'veto', 'veto_cap', 'safety'],
] as const;

/** Fields that one profile alone has. */
const OWN: { readonly [N in ProfileName]: readonly string[] } = {
  'crpo-paper': ['crossref'],
  'grpo-released': ['end_of_text', 'adds_opening_tag'],
};

const NAME = { min: 1, max: 64 };
const REWARD = { min: 0, max: 100 };
const PENALTY = { min: -100, max: 0 };
const CAP = { min: -1000, max: 1000 };
const TAG = /^[a-z][a-z0-9_]{0,31}$/;

/**
 * Checks the fields of a CRPO grader that came from outside and fills in its profile's defaults; unknown fields are refused.
 * @throws RubricError RUBRIC_GRADER_FIELD, RUBRIC_GRADER_UNKNOWN_FIELD; `param` is the field
 */
export function parseCrpoSpec(fields: FieldReader): CrpoGraderSpec {
  const profileName = fields.oneOf('profile', namesOf(profiles));
  const profile = profiles[profileName];
  fields.only([...EVERY, ...OWN[profileName]], `a 'crpo' grader of profile '${profileName}'`);
  return {
    type: 'crpo',
    name: fields.text('name', NAME),
    profile: profileName,
    k: fields.number('k', { min: 0, max: 1000 }, 10),
    formatReward: fields.number('format_reward', REWARD, 1),
    bonus: fields.number('bonus', REWARD, 0.5),
    consistencyWeight: fields.number('consistency_weight', REWARD, 0.5),
    penalties: parsePenalties(fields.object('penalties'), profile),
    tags: parseTags(fields.object('tags'), profile),
    structure: fields.oneOf('structure', ['lenient', 'strict'], 'lenient'),
    characters: {
      set: fields.oneOf('characters', namesOf(characterSets), 'ascii'),
      extra: fields.text('extra_characters', { min: 0, max: 256 }, ''),
    },
    crossref: parseCrossReference(fields),
    verifier: fields.has('verifier') ? fields.oneOf('verifier', namesOf(verifiers)) : null,
    reportsLoopholes: fields.oneOf('loopholes', ['report', 'off'], 'report') === 'report',
    veto: {
      names: fields.names('veto', namesOf(loopholes)),
      cap: fields.number('veto_cap', CAP, 0),
    },
    safety: parseSafety(fields.object('safety')),
    endOfText: fields.text('end_of_text', { min: 0, max: 64 }, profile.endOfText),
    addsOpeningTag: fields.boolean('adds_opening_tag', false),
  };
}

function parsePenalties(fields: FieldReader | null, { penalties }: Profile): ChoicePenalties {
  if (fields === null) return penalties;
  fields.only(['per_box', 'no_braces', 'not_a_letter'], 'penalties');
  return {
    perBox: fields.number('per_box', PENALTY, penalties.perBox),
    noBraces: fields.number('no_braces', PENALTY, penalties.noBraces),
    notALetter: fields.number('not_a_letter', PENALTY, penalties.notALetter),
  };
}

function parseTags(fields: FieldReader | null, { tags }: Profile): TagNames {
  if (fields === null) return tags;
  fields.only(['reasoning', 'answer'], 'tags');
  const name = (field: 'reasoning' | 'answer'): string => {
    const value = fields.text(field, { min: 1, max: 32 }, tags[field]);
    return TAG.test(value) ? value : fields.refuse(field, 'a lower-case letter, then letters, digits and _');
  };
  const [reasoning, answer] = [name('reasoning'), name('answer')];
  if (reasoning === answer) fields.refuse('answer', 'another name than that of the reasoning');
  return { reasoning, answer };
}

function parseCrossReference(fields: FieldReader): CrpoGraderSpec['crossref'] {
  const names = namesOf(crossReferences);
  const nested = fields.isText('crossref') ? null : fields.object('crossref');
  if (nested === null) return { test: fields.oneOf('crossref', names, 'lexical'), limits: DEFAULT_LIMITS };
  const test = nested.oneOf('test', [...names, 'judge'], 'lexical');
  if (test === 'judge') {
    nested.only(['test', 'model'], 'crossref with a judge');
    return { test, model: nested.text('model', { min: 1, max: 128 }), limits: DEFAULT_LIMITS };
  }
  nested.only(['test', 'min_shared', 'min_share', 'max_length_ratio', 'max_verbatim_words'], 'crossref');
  return {
    test,
    limits: {
      minShared: nested.integer('min_shared', { min: 1, max: 1000 }, DEFAULT_LIMITS.minShared),
      minShare: nested.number('min_share', { min: 0, max: 1 }, DEFAULT_LIMITS.minShare),
      maxLengthRatio: nested.has('max_length_ratio')
        ? nested.number('max_length_ratio', { min: 0, max: 100 }, 0)
        : null,
      maxVerbatimWords: nested.has('max_verbatim_words')
        ? nested.integer('max_verbatim_words', { min: 1, max: 1000 }, 1)
        : null,
    },
  };
}

function parseSafety(fields: FieldReader | null): SafetyRule | null {
  if (fields === null) return null;
  fields.only(['cap', 'scope'], 'safety');
  return {
    cap: fields.number('cap', CAP, 0),
    scope: fields.oneOf('scope', ['answer', 'text'], 'answer'),
  };
}
