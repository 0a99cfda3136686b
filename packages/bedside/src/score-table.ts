import type { ScoreDefinition, ScoreName } from './score.js';
import { CHA2DS2_VASC } from './scores/cha2ds2-vasc.js';
import { CORRECTED_CALCIUM } from './scores/corrected-calcium.js';
import { CURB65 } from './scores/curb65.js';
import { GLASGOW } from './scores/glasgow.js';
import { QSOFA } from './scores/qsofa.js';
import { WELLS_DVT } from './scores/wells-dvt.js';

/** Every score by its name. */
export const SCORES: Readonly<Record<ScoreName, ScoreDefinition>> = {
  curb65: CURB65,
  qsofa: QSOFA,
  cha2ds2vasc: CHA2DS2_VASC,
  glasgow: GLASGOW,
  wellsdvt: WELLS_DVT,
  calcium: CORRECTED_CALCIUM,
};

/** The names of all scores, in a fixed order. */
export const SCORE_NAMES: readonly ScoreName[] = [
  'curb65',
  'qsofa',
  'cha2ds2vasc',
  'glasgow',
  'wellsdvt',
  'calcium',
];

/** Tells whether a text names a score. */
export const isScoreName = (text: string): text is ScoreName => Object.hasOwn(SCORES, text);

/** A total in the score's unit as cases and traces print it, for example `3`, `-1` or `9.6`. */
export const formatTotal = (score: ScoreDefinition, total: number): string => total.toFixed(score.decimals);

/** An addend as traces print it, with its sign, for example `+1`, `-2` or `+0.8`. */
export const formatPoints = (score: ScoreDefinition, points: number): string =>
  `${points < 0 ? '-' : '+'}${Math.abs(points).toFixed(score.decimals)}`;
