import { consistency } from '../consistency.js';
import type { CrossReference } from '../cross-reference.js';
import { RubricError, shown } from '../errors.js';
import { goldLetter } from '../gold.js';
import { type Finding, type GradeComponent, type Item, MAX_SPANS, type Span } from '../grade.js';
import { Lexicon } from '../lexicon.js';
import { closing, findStructure, opening } from '../structure.js';
import { TextScan, trimmed } from '../text-scan.js';
import { SectionWords } from '../words.js';
import { accuracy, findBoxes, hasSummaryAndBox } from './boxes.js';
import { characterSets, isPlain } from './characters.js';
import { loopholeNames, loopholes } from './loopholes.js';
import { normalise, placeOf } from './normalise.js';
import { type Profile, profiles } from './profile.js';
import type { Blocks, Reading } from './reading.js';
import { breaches } from './safety.js';
import type { CrpoGraderSpec } from './spec.js';

export interface CrpoInput {
  readonly spec: CrpoGraderSpec;
  readonly item: Item;
  readonly completion: string;
  readonly crossReference: CrossReference;
}

/** Components in their order, and how many characters were read for them. */
export interface CrpoResult {
  readonly components: readonly GradeComponent[];
  readonly read: number;
}

const LABELS = ['System 1', 'System 2'];

/** What strict structure wants beyond the released pattern (CRPO specification 2.4), or null where it is there. */
function strictFault(
  scan: TextScan,
  { reasoning, answer }: FoundBlocks,
  spec: CrpoGraderSpec,
): string | null {
  const { tags } = spec;
  for (const tag of [tags.reasoning, tags.answer].flatMap((name) => [opening(name), closing(name)])) {
    const first = scan.find(tag, 0);
    if (first === -1 || scan.find(tag, first + tag.length) !== -1) return `${tag} stands more than once`;
  }
  if (reasoning.words.content.numbers.length === 0) return 'the reasoning is empty';
  if (answer.words.content.numbers.length === 0) return 'the answer is empty';
  for (const label of LABELS) {
    const at = scan.find(label, reasoning.span.start);
    if (at === -1 || at + label.length > reasoning.span.end) return `the reasoning has no label '${label}'`;
  }
  return null;
}

type FoundBlocks = Blocks & { readonly found: true };

function blocksOf(
  { scan, within, lexicon }: Pick<Reading, 'scan' | 'within' | 'lexicon'>,
  spec: CrpoGraderSpec,
): Blocks {
  const structure = findStructure(scan, within, spec.tags);
  if (!structure.found) return structure;
  const section = (span: Span) => ({ span, words: new SectionWords(scan, span, lexicon) });
  const blocks: FoundBlocks = {
    found: true,
    reasoning: section(structure.reasoning),
    answer: section(structure.answer),
  };
  const fault = spec.structure === 'strict' ? strictFault(scan, blocks, spec) : null;
  return fault === null ? blocks : { found: false, reason: fault };
}

/** The answer without the whitespace around it. */
function strippedSpan(scan: TextScan, { start, end }: Span): Span {
  const inner = trimmed(new TextScan(scan.slice({ start, end })));
  return { start: start + inner.start, end: start + inner.end };
}

/** The structure's reward, and the bonus for an answer that cites its reasoning or has a summary; else 0. */
function reasoned(reading: Reading, { bonusFor }: Profile, crossReference: CrossReference): Finding {
  const { spec, scan, blocks, item } = reading;
  if (!blocks.found) return { value: 0, spans: [], reason: blocks.reason };
  const { reasoning, answer } = blocks;
  const inPlace = `${spec.tags.reasoning} and ${spec.tags.answer} in place`;
  if (bonusFor === 'summary') {
    const { isSo, reason } = hasSummaryAndBox(scan, strippedSpan(scan, answer.span));
    return {
      value: isSo ? spec.formatReward + spec.bonus : spec.formatReward,
      spans: [reasoning.span, answer.span],
      reason: `${inPlace}; ${reason}`,
    };
  }
  const reference = crossReference({ scan, reasoning, answer, item, limits: spec.crossref.limits });
  return {
    value: reference.value > 0 ? spec.formatReward + spec.bonus : spec.formatReward,
    spans: reference.spans.length > 0 ? reference.spans : [reasoning.span, answer.span],
    reason: `${inPlace}; ${reference.reason}`,
  };
}

/** Weight of each of the three components: held-out rows of the released scorer count their accuracy alone (2.2). */
function weights(
  { k, consistencyWeight }: CrpoGraderSpec,
  isHeldOut: boolean,
): readonly [number, number, number] {
  return isHeldOut ? [1, 0, 0] : [k, 1, consistencyWeight];
}

/**
 * Whether an item's `question_index` is of the held-out split.
 * @throws RubricError RUBRIC_ITEM_SPLIT for an index that names neither split
 */
function isHeldOut({ question_index: index }: Item): boolean {
  if (index === undefined) return false;
  if (typeof index === 'string' && index.includes('train')) return false;
  if (typeof index === 'string' && index.includes('dev')) return true;
  throw new RubricError(
    'RUBRIC_ITEM_SPLIT',
    'item.question_index',
    `item.question_index is ${shown(index)}, want a text with 'train' or 'dev' in it`,
  );
}

function loopholeComponents(reading: Reading, total: number): GradeComponent[] {
  const { spec } = reading;
  const components: GradeComponent[] = [];
  const vetoed: { name: string; spans: readonly Span[] }[] = [];
  for (const name of loopholeNames) {
    const isVetoing = spec.veto.names.includes(name);
    if (!isVetoing && !spec.reportsLoopholes) continue;
    const found = loopholes[name](reading);
    if (spec.reportsLoopholes)
      components.push({
        name: `loophole_${name}`,
        value: found ? 1 : 0,
        weight: 0,
        spans: found?.spans ?? [],
        reason: found?.reason ?? 'not used',
      });
    if (found && isVetoing) vetoed.push({ name, spans: found.spans });
  }
  if (spec.veto.names.length > 0) {
    const spans = vetoed.flatMap((v) => v.spans).slice(0, MAX_SPANS);
    const reason = vetoed.map((v) => v.name).join(', ');
    components.push(
      capped('veto', { isBroken: vetoed.length > 0, cap: spec.veto.cap, total, spans, reason }),
    );
  }
  return components;
}

interface Cap {
  readonly isBroken: boolean;
  readonly cap: number;
  /** Sum of the components before it. */
  readonly total: number;
  readonly spans: readonly Span[];
  readonly reason: string;
}

/** A cap as a component, so that the total stays a sum: what it takes away. */
function capped(name: string, { isBroken, cap, total, spans, reason }: Cap): GradeComponent {
  if (!isBroken) return { name, value: 0, weight: 1, spans: [], reason: 'kept' };
  return {
    name,
    value: Math.min(0, cap - total),
    weight: 1,
    spans,
    reason: `${reason}; the total is at most ${cap}`,
  };
}

const sum = (components: readonly GradeComponent[]): number =>
  components.reduce((total, { value, weight }) => total + value * weight, 0);

/**
 * The components of a CRPO profile: r = k * accuracy + reasoning + w * consistency (CRPO specification 2.2 and 2.3), then
 * loopholes of weight 0, and what veto and safety rules take away.
 * @throws RubricError for an item that cannot be graded
 */
export function crpoComponents({ spec, item, completion, crossReference }: CrpoInput): CrpoResult {
  const profile = profiles[spec.profile];
  const { text, offset } = profile.isReleased ? normalise(completion, spec) : { text: completion, offset: 0 };
  const scan = new TextScan(text);
  const within = profile.isReleased ? { start: 0, end: text.length } : trimmed(scan);
  const lexicon = new Lexicon();
  const reading: Reading = {
    ...{ spec, item, scan, within, lexicon },
    blocks: blocksOf({ scan, within, lexicon }, spec),
    boxes: findBoxes(scan, within),
    isPlain: isPlain(scan, within),
  };
  const gold = goldLetter(item);
  const [k, one, w] = weights(spec, profile.isReleased && isHeldOut(item));
  const [first, second, third] = profile.components;
  const isAllowed = allowed(spec);
  const components: GradeComponent[] = [
    { name: first, weight: k, ...accuracy(scan, { ...reading, gold, penalties: spec.penalties }) },
    { name: second, weight: one, ...reasoned(reading, profile, crossReference) },
    { name: third, weight: w, ...consistency(reading, isAllowed) },
  ];
  components.push(...loopholeComponents(reading, sum(components)));
  if (spec.safety !== null) {
    const broken = breaches(reading, spec.safety);
    const spans = broken.flatMap((b) => b.spans).slice(0, MAX_SPANS);
    const reason = broken.map((b) => b.reason).join(', ');
    const { cap } = spec.safety;
    components.push(
      capped('safety', { isBroken: broken.length > 0, cap, total: sum(components), spans, reason }),
    );
  }
  const placed = components.map((c) => ({ ...c, spans: c.spans.map((span) => placeOf(span, offset)) }));
  return { components: offset === 0 ? components : placed, read: scan.read };
}

function allowed({ characters: { set, extra } }: CrpoGraderSpec): (codePoint: number) => boolean {
  if (extra === '') return characterSets[set];
  const more = new Set(Array.from(extra, (c) => c.codePointAt(0)));
  return (codePoint) => characterSets[set](codePoint) || more.has(codePoint);
}
