/** Words of four and more letters that say nothing about a case. */
const COMMON_WORDS: ReadonlySet<string> = new Set(
  [
    'about after again also although always among another because been before being below between both',
    'cannot consistent could does doing down during each either else ever every from further have having hence',
    'here however into itself just less like made make many more much must neither never none only other over',
    'quite rather same shall should show shows since some such than that their them then there therefore these',
    'they this those though through thus under unless until upon very well were what when where whether which',
    'while whose will with within without would your',
    // Words of every question (CRPO specification 2.4).
    'patient option answer choice question most likely',
  ].flatMap((line) => line.split(' ')),
);

const DIGIT = /\p{N}/u;

/** Whether a lower-cased word says something: four characters or more or a digit in it, and not a common word. */
const saysSomething = (word: string): boolean =>
  (word.length >= 4 || DIGIT.test(word)) && !COMMON_WORDS.has(word);

/**
 * Numbers for the words of one completion, from 0 in the order in which they are first met. Rules compare numbers, so
 * that a word is hashed once for each place where it stands, and judged once however often it stands there.
 */
export class Lexicon {
  readonly #numbers = new Map<string, number>();
  /** By number. */
  readonly #words: string[] = [];
  /** By number: whether the word is one of content. */
  readonly #content: boolean[] = [];

  /** How many words were met. */
  get size(): number {
    return this.#words.length;
  }

  /** The number of a lower-cased word, met before or not. */
  numberOf(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    const number = this.#words.length;
    this.#numbers.set(word, number);
    this.#words.push(word);
    this.#content.push(saysSomething(word));
    return number;
  }

  /** The word of a number; empty for a number that none has. */
  wordOf(number: number): string {
    return this.#words[number] ?? '';
  }

  /** Whether the word of a number says something: see `SectionWords.content`. */
  isContent(number: number): boolean {
    return this.#content[number] ?? false;
  }
}
