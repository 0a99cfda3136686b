/**
 * Samples per second of each kind of grader in one process, on completions of about 2 KB, and the milliseconds that
 * completions of 1 MB made to be slow take: one JSON line a kind. `npm run bench -- grading [kind ...]`
 */
import { createGrader } from '@residency/rubric';
import { PythonSandboxes } from '@residency/service-reward-rubric';
import { optionsOf } from './support/options.js';
import { rounded } from './support/report.js';
import { median } from './support/statistics.js';

const METRICS = ['bleu', 'fuzzy_match', 'gleu', 'meteor', 'rouge_1', 'rouge_5', 'rouge_l'] as const;
const KINDS = ['crpo', 'string_check', 'text_similarity', 'python'] as const;
type Kind = (typeof KINDS)[number];

const options = optionsOf({ name: 'grading', configs: KINDS, sizes: ['samples', 'characters'] });
const samples = options.sizes.samples ?? 2_000;
const characters = options.sizes.characters ?? 2_000;

const SENTENCES = [
  'The patient presents with fever of 39.2 degrees, productive cough and a heart rate of 112/min.',
  'White cell count is 18.4 with neutrophilia; lactate is 3.1 mmol/L and urea 9.5 mmol/L.',
  'Chest radiograph shows right lower lobe consolidation, which supports bacterial pneumonia.',
  'Pulmonary embolism is less likely, since the D-dimer is normal and there is no leg swelling.',
  'Ceftriaxone and azithromycin are started after blood cultures; fluids are given for sepsis.',
];

/** Reasoning of about so many characters, different for each sample. */
function reasoning(sample: number): string {
  let text = '';
  for (let at = 0; text.length < characters - 160; at++) {
    text += `${SENTENCES[(sample + at * (1 + (sample % 4))) % SENTENCES.length]} `;
  }
  return text;
}

const conclusion = 'Bacterial pneumonia with sepsis explains fever and consolidation.';
const completions = Array.from(
  { length: 64 },
  (_, sample) => `<dx>${reasoning(sample)}</dx>\n<conclusion>${conclusion} \\boxed{C}</conclusion>`,
);
const item = {
  gold: 'C',
  question: 'Fever, cough and consolidation?',
  reference: `${reasoning(3)}${conclusion}`,
};

const MEGABYTE = 2 ** 20;
const filled = (unit: string): string => unit.repeat(Math.ceil(MEGABYTE / unit.length));
const different = (count: number, letters: string): string =>
  Array.from({ length: count }, (_, at) => `${letters}${at}`).join(' ');
/** Half a megabyte as the reasoning and the same as the conclusion, which the rules compare. */
const twice = (unit: string): string => {
  const half = unit.repeat(Math.ceil(MEGABYTE / 2 / unit.length));
  return `<dx>${half}</dx><conclusion>${half}</conclusion>`;
};
/** Words of an alphabet by a linear congruence: many short runs are equal, and few long ones. */
const drawn = (length: number, alphabet: readonly string[]): string => {
  let state = 1;
  const count = length / ((alphabet[0]?.length ?? 0) + 1);
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return alphabet[(state >>> 12) % alphabet.length];
  }).join(' ');
};
/** The same twice, but for every 39th word of the second: runs agree up to the limit, and none beyond it. */
const drawnTwice = (alphabet: readonly string[]): string => {
  const half = drawn(MEGABYTE / 2, alphabet);
  const cut = half.split(' ').map((word, at) => (at % 39 === 38 ? 'cut' : word));
  return `<dx>${half}</dx><conclusion>${cut.join(' ')}</conclusion>`;
};
const pairs = Array.from({ length: 36 ** 2 }, (_, at) => at.toString(36).padStart(2, '0'));
/** Completions of a megabyte whose parts rules look for. */
const adversarial: Readonly<Record<string, string>> = {
  one_word: filled('a'),
  closing_tags: `<dx>${filled('</dx>   ')}</conclusion>`,
  open_boxes: `<dx>${filled('\\boxed{')}</dx><conclusion>${'a '.repeat(9)}</conclusion>`,
  angles: `<dx>${filled('<')}</dx><conclusion>a</conclusion>`,
  different_words: `<dx>${different(110_000, 'word')}</dx><conclusion>word1 word2</conclusion>`,
  capitals: `<dx>${different(110_000, 'WORD')}</dx><conclusion>word1 word2</conclusion>`,
  short_words: filled('ab '),
  // Half of what `reference` repeats, which a naive search compares again at each character.
  repeated: filled('The patient presents with '),
  letters_twice: twice('a '),
  words_twice: `<dx>${different(55_000, 'word')}</dx><conclusion>${different(55_000, 'word')}</conclusion>`,
  bits_twice: drawnTwice(['a', 'b']),
  pairs_twice: drawnTwice(pairs),
  accents_twice: twice('\u00e9a '),
  emoji_twice: twice('\u{1f600}'),
};

/** What work took by the clock, and of the processor: the second hardly sees what else the machine does. */
interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

function costOf(work: () => void): Cost {
  const start = performance.now();
  const cpu = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - start, cpuMs: (user + system) / 1e3 };
}

interface Figures {
  readonly samplesPerS: number;
  readonly samplesPerCpuS?: number;
  /** Of the slowest of the completions of a megabyte; the least of its runs, since all else only adds to it. */
  readonly megabyteMs?: number;
  readonly megabyteCpuMs?: number;
  /** Of the processor, for each of them. */
  readonly megabytesCpuMs?: Readonly<Record<string, number>>;
}

function textFigures(spec: unknown): Figures {
  const grader = createGrader(spec);
  const round = (): void => {
    for (let sample = 0; sample < samples; sample++) {
      grader.grade({ item, completion: completions[sample % completions.length] ?? '' });
    }
  };
  const costs = Array.from({ length: options.warmups + options.runs }, () => costOf(round));
  const timed = costs.slice(options.warmups);
  const slow = Object.entries(adversarial).map(([name, completion]) => {
    const runs = Array.from({ length: options.runs }, () => costOf(() => grader.grade({ item, completion })));
    const least = (of: (cost: Cost) => number): number => Math.min(...runs.map(of));
    return { name, ms: least(({ ms }) => ms), cpuMs: least(({ cpuMs }) => cpuMs) };
  });
  return {
    samplesPerS: rounded((samples / median(timed.map(({ ms }) => ms))) * 1e3),
    samplesPerCpuS: rounded((samples / median(timed.map(({ cpuMs }) => cpuMs))) * 1e3),
    megabyteMs: rounded(Math.max(...slow.map(({ ms }) => ms))),
    megabyteCpuMs: rounded(Math.max(...slow.map(({ cpuMs }) => cpuMs))),
    megabytesCpuMs: Object.fromEntries(slow.map(({ name, cpuMs }) => [name, rounded(cpuMs)])),
  };
}

const SOURCE = `
import re
WORDS = re.compile(r"[a-z0-9.]+")
def grade(sample, item):
    said = set(WORDS.findall(sample["output_text"].lower()))
    wanted = set(WORDS.findall(item["reference"].lower()))
    return len(said & wanted) / len(wanted)
`;

async function pythonFigures(): Promise<Figures> {
  const sandboxes = new PythonSandboxes({ size: 1, timeoutMs: 60_000, memoryMb: 256 });
  const never = new AbortController().signal;
  const row = JSON.stringify(item);
  const count = Math.ceil(samples / 20);
  const round = async (): Promise<number> => {
    const start = performance.now();
    for (let at = 0; at < count; at++) {
      const sample = JSON.stringify({ output_text: completions[at % completions.length] });
      const outcome = await sandboxes.run({ source: SOURCE, sample, item: row }, never);
      if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.detail}`);
    }
    return performance.now() - start;
  };
  const times: number[] = [];
  for (let run = 0; run < options.warmups + options.runs; run++) times.push(await round());
  await sandboxes.close();
  return { samplesPerS: rounded((count / median(times.slice(options.warmups))) * 1e3) };
}

function print(kind: Kind, figures: Figures, more: Readonly<Record<string, string>> = {}): void {
  const config = { kind, ...more, samples, characters: completions[0]?.length ?? 0 };
  process.stdout.write(`${JSON.stringify({ bench: 'grading', config, ...figures })}\n`);
}

const texts = { input: '{{sample.output_text}}', reference: '{{item.reference}}' };

const benches: { readonly [K in Kind]: () => void | Promise<void> } = {
  crpo: () => {
    for (const crossref of ['lexical', 'case']) {
      print('crpo', textFigures({ type: 'crpo', name: 'c', profile: 'crpo-paper', crossref }), { crossref });
    }
  },
  string_check: () => {
    for (const operation of ['eq', 'like', 'ilike']) {
      print('string_check', textFigures({ type: 'string_check', name: 's', ...texts, operation }), {
        operation,
      });
    }
  },
  text_similarity: () => {
    for (const metric of METRICS) {
      const spec = { type: 'text_similarity', name: 't', ...texts, evaluation_metric: metric };
      print('text_similarity', textFigures(spec), { metric });
    }
  },
  python: async () => print('python', await pythonFigures()),
};

for (const kind of options.configs) await benches[kind]();
