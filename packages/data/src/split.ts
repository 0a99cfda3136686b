import { createHash } from 'node:crypto';
import { badSetting } from './errors.js';
import { type ComparedText, findNearDuplicates, type NearOptions } from './near-duplicates.js';
import type { PartName } from './report.js';
import type { Question } from './row.js';
import { shinglesOf } from './shingles.js';
import { caseHash, wordsOf } from './words.js';

/** How rows are divided. */
export interface SplitOptions {
  /** Share of the cases that go to evaluation, in (0, 1). */
  readonly share: number;
  /** A whole number from 0; another seed is another split. @defaultValue 0 */
  readonly seed?: number;
}

/** Decides the part of a case. */
export type Splitter = (question: Pick<Question, 'question'>) => PartName;

/** A number in [0, 1) on a grid of 2^-48 that a seed and a case's hash decide. */
function drawOf(seed: number, hash: string): number {
  const bytes = createHash('sha256').update(`split/${seed}/${hash}`).digest();
  return bytes.readUIntBE(0, 6) / 2 ** 48;
}

/** The part of a case by its hash. @throws DataError DATA_SETTING */
function drawer({ share, seed = 0 }: SplitOptions): (hash: string) => PartName {
  if (!(share > 0 && share < 1)) throw badSetting('share', share, 'a number above 0 and below 1');
  if (!Number.isSafeInteger(seed) || seed < 0) throw badSetting('seed', seed, 'a whole number from 0');
  return (hash) => (drawOf(seed, hash) < share ? 'eval' : 'train');
}

/**
 * A split by the case alone: a question falls in the same part in whatever file, order or company, and so do all
 * rows that ask it, punctuation, case and spacing aside. Shares hold in the mean: of n cases the part differs from
 * `share` by about sqrt(share (1 - share) / n).
 * @throws DataError DATA_SETTING
 */
export function createSplitter(options: SplitOptions): Splitter {
  const draw = drawer(options);
  return (question) => draw(caseHash(question));
}

/** Clusters of a growing set; each is named by its least member. */
function createClusters(): { join(a: string, b: string): void; nameOf(member: string): string } {
  const parents = new Map<string, string>();
  const nameOf = (member: string): string => {
    let root = member;
    for (let next = parents.get(root); next !== undefined; next = parents.get(root)) root = next;
    // Shortening the way keeps long chains from being walked again.
    for (let at = member; at !== root; ) {
      const next = parents.get(at) ?? root;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  return {
    nameOf,
    join: (a, b) => {
      const [first, second] = [nameOf(a), nameOf(b)];
      if (first < second) parents.set(second, first);
      else if (second < first) parents.set(first, second);
    },
  };
}

/**
 * Like {@link createSplitter}, with near-duplicates kept together: cases that are alike, directly or over others,
 * fall where the least hash among them falls. The order of questions makes no difference; other questions do where
 * they are alike. Give all questions first, then ask for the part of any of them. Of a group so large that its
 * rows are not all compared, some may fall apart.
 * @throws DataError DATA_SETTING
 */
export class NearSplit {
  readonly #draw: (hash: string) => PartName;
  readonly #options: NearOptions & { readonly shingleWords: number };
  /** One text of each case. */
  readonly #texts = new Map<string, ComparedText>();
  #clusters: ReturnType<typeof createClusters> | null = null;

  constructor(options: SplitOptions & NearOptions & { readonly shingleWords?: number }) {
    const { shingleWords = 3, threshold } = options;
    this.#draw = drawer(options);
    this.#options = { shingleWords, ...(threshold === undefined ? {} : { threshold }) };
  }

  add(question: Pick<Question, 'question'>): void {
    const hash = caseHash(question);
    if (this.#texts.has(hash)) return;
    this.#clusters = null;
    const shingles = shinglesOf(wordsOf(question.question), this.#options.shingleWords);
    this.#texts.set(hash, { hash, shingles, part: 0 });
  }

  partOf(question: Pick<Question, 'question'>): PartName {
    this.#clusters ??= this.#cluster();
    return this.#draw(this.#clusters.nameOf(caseHash(question)));
  }

  #cluster(): ReturnType<typeof createClusters> {
    const texts = [...this.#texts.values()];
    const clusters = createClusters();
    for (const { first, second } of findNearDuplicates(texts, this.#options).pairs) {
      clusters.join(texts[first]?.hash ?? '', texts[second]?.hash ?? '');
    }
    return clusters;
  }
}
