import { openCase, type Performed, type WardEpisode } from '../case-episode.js';
import { type FindingKind, verbs } from '../findings.js';
import { URGENCIES } from '../urgency.js';
import { factCost, type ScoredVignette, scoreVignette } from './score-vignette.js';
import type { Vignette } from './vignette.js';
import { namesDiagnosis, tellingWords } from './words.js';

export interface VignetteOptions {
  readonly vignette: Vignette;
  /** Actions after which the episode ends in any case. */
  readonly maxSteps?: number;
}

const DEFAULT_MAX_STEPS = 40;

/** Facts that one question by keyword brings to light, at most: a vague one does not empty the case. */
const FACTS_AT_ONCE = 3;

// The table is total, so that its keys are exactly the kinds.
const KINDS: readonly FindingKind[] = Object.keys(verbs) as FindingKind[];
const DIAGNOSE = 'diagnose ';

const letterOf = (place: number): string => String.fromCharCode(65 + place);

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** A diagnosis without the urgency that may be stated with it. */
function withoutUrgency(stated: string): string {
  const lower = stated.toLowerCase();
  const ending = URGENCIES.map((urgency) => ` as ${urgency}`).find((text) => lower.endsWith(text));
  return ending === undefined ? stated : stated.slice(0, -ending.length);
}

/**
 * The option that a letter names, or a text, which need not be exact where it can mean one option alone; the text
 * itself where there are no options; null for nothing.
 */
function statedDiagnosis({ options }: Vignette, text: string): string | null {
  if (options === null) return tellingWords(text).length === 0 ? null : text;
  const byLetter = options.find((_, place) => letterOf(place) === text.toUpperCase());
  const exact = byLetter ?? options.find((option) => option.toLowerCase() === text.toLowerCase());
  if (exact !== undefined) return exact;
  const [meant, another] = options.filter((option) => namesDiagnosis(text, option));
  return another === undefined ? (meant ?? null) : null;
}

/** Facts by each word that they are found by, ascending; what all episodes of a case share. */
const indices = new WeakMap<Vignette, ReadonlyMap<string, ReadonlySet<number>>>();

function indexOf(vignette: Vignette): ReadonlyMap<string, ReadonlySet<number>> {
  const known = indices.get(vignette);
  if (known !== undefined) return known;
  const index = new Map<string, Set<number>>();
  for (const [place, { keywords }] of vignette.facts.entries())
    for (const word of tellingWords(keywords)) index.set(word, (index.get(word) ?? new Set()).add(place));
  indices.set(vignette, index);
  return index;
}

/**
 * An episode of a real case. A fact is asked for by its name, by its number among the case's facts, counted from 1,
 * or by keywords, all of which it must have: these bring up to three facts to light at once, each at its cost. The
 * admissible actions list names alone; a question in other words is valid where it brings something to light.
 */
export function openVignette({ vignette, maxSteps = DEFAULT_MAX_STEPS }: VignetteOptions): WardEpisode {
  const { facts, options, question, presentation } = vignette;
  const index = indexOf(vignette);
  const actions = facts.map(({ kind, name }) => `${verbs[kind]} ${name}`.toLowerCase());
  const isKnown = new Uint8Array(facts.length);
  const elicited: number[] = [];
  let commitment: ScoredVignette['commitment'] = null;

  const known = () => facts.filter((_, place) => isKnown[place] === 1);
  const isHidden = (place: number, kind: FindingKind): boolean =>
    facts[place]?.kind === kind && isKnown[place] === 0;

  const asked = (kind: FindingKind, topic: string): number[] => {
    const named = actions.indexOf(`${verbs[kind]} ${topic}`.toLowerCase());
    if (named >= 0) return isHidden(named, kind) ? [named] : [];
    if (/^[0-9]{1,4}$/.test(topic)) return isHidden(Number(topic) - 1, kind) ? [Number(topic) - 1] : [];
    const [first, ...rest] = tellingWords(topic).map((word) => index.get(word));
    const found = [...(first ?? [])].filter(
      (place) => isHidden(place, kind) && rest.every((places) => places?.has(place)),
    );
    return found.slice(0, FACTS_AT_ONCE);
  };
  const diagnose = (text: string): Performed | null => {
    const stated = statedDiagnosis(vignette, withoutUrgency(text));
    if (stated === null) return null;
    const right = vignette.diagnosis;
    commitment = { stated, isRight: options === null ? namesDiagnosis(stated, right) : stated === right };
    return { text: `You diagnosed ${stated}; right is ${right}.`, cost: 0, outcome: `diagnosed ${stated}` };
  };
  const perform = (action: string): Performed | null => {
    const lower = action.toLowerCase();
    if (lower.startsWith(DIAGNOSE)) return diagnose(action.slice(DIAGNOSE.length));
    const kind = KINDS.find((each) => lower.startsWith(`${verbs[each]} `));
    const found = kind === undefined ? [] : asked(kind, action.slice(verbs[kind].length + 1));
    if (found.length === 0) return null;
    for (const place of found) {
      isKnown[place] = 1;
      elicited.push(place);
    }
    return {
      text: found.map((place) => sentence(facts[place]?.text ?? '')).join(' '),
      cost: found.reduce((sum, place) => sum + factCost(vignette, place), 0),
      outcome: null,
    };
  };
  const choices = (options ?? []).map((option, place) => `${letterOf(place)}: ${option}`);
  return openCase({
    task: options === null ? 'find the diagnosis and state it.' : 'find the right one of the options.',
    maxSteps,
    describe: () =>
      [
        presentation,
        ...known().map(({ text }) => sentence(text)),
        question,
        ...(choices.length === 0 ? [] : [`${choices.join('; ')}.`]),
      ].join(' '),
    admissible: () =>
      [
        ...actions.filter((_, place) => isKnown[place] === 0),
        ...choices.map((_, place) => `${DIAGNOSE}${letterOf(place)}`),
      ].sort(),
    anchor: () => ['ward', ...known().map(({ kind, name, text }) => `${kind} ${name}: ${text}`)].join('; '),
    perform,
    score: () => scoreVignette({ vignette, elicited, commitment }),
  });
}
