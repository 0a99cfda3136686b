import { analyse, breakWords, stem } from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('stem', () => {
  /** The examples of Porter's paper, as the whole algorithm leaves them. */
  const examples: readonly (readonly [step: string, words: string])[] = [
    ['1a', 'caresses:caress ponies:poni ties:ti caress:caress cats:cat'],
    ['1b', 'feed:feed agreed:agre plastered:plaster bled:bled motoring:motor sing:sing'],
    [
      '1b, after',
      'conflated:conflat troubled:troubl sized:size hopping:hop tanned:tan falling:fall hissing:hiss',
    ],
    ['1b, after', 'fizzed:fizz failing:fail filing:file'],
    ['1c', 'happy:happi sky:sky'],
    [
      '2',
      'relational:relat conditional:condit rational:ration valenci:valenc hesitanci:hesit digitizer:digit',
    ],
    ['2', 'conformabli:conform radicalli:radic differentli:differ vileli:vile analogousli:analog'],
    ['2', 'vietnamization:vietnam predication:predic operator:oper feudalism:feudal decisiveness:decis'],
    ['2', 'hopefulness:hope callousness:callous formaliti:formal sensitiviti:sensit sensibiliti:sensibl'],
    [
      '3',
      'triplicate:triplic formative:form formalize:formal electriciti:electr electrical:electr hopeful:hope',
    ],
    ['3', 'goodness:good'],
    [
      '4',
      'revival:reviv allowance:allow inference:infer airliner:airlin gyroscopic:gyroscop adjustable:adjust',
    ],
    [
      '4',
      'defensible:defens irritant:irrit replacement:replac adjustment:adjust dependent:depend adoption:adopt',
    ],
    [
      '4',
      'homologou:homolog communism:commun activate:activ angulariti:angular homologous:homolog effective:effect',
    ],
    ['4', 'bowdlerize:bowdler'],
    ['5', 'probate:probat rate:rate cease:ceas controll:control roll:roll'],
    ['all', 'generalizations:gener oscillators:oscil'],
    ['later rules', 'apology:apolog archaeology:archaeolog possibly:possibl'],
    ['nothing to do', 'a:a is:is by:by 2kg:2kg'],
  ];

  test.each(examples)('follows the paper, step %s: %s', (_step, words) => {
    for (const pair of words.split(' ')) {
      const [word = '', want] = pair.split(':');
      expect(stem(word), word).toBe(want);
    }
  });

  test('takes any word, and never makes it longer than by one letter', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aeiouybdlstzngwx'), maxLength: 40 }), (word) => {
        expect(stem(word).length).toBeLessThanOrEqual(word.length + 1);
      }),
    );
  });
});

describe('breakWords', () => {
  const vectors: readonly (readonly [text: string, words: readonly string[]])[] = [
    ["Women's Pumps, size 5.5", ["Women's", 'Pumps', 'size', '5.5']],
    ['$1,847.00 (2 Pack)', ['1,847.00', '2', 'Pack']],
    ['B&B t-shirt/blouse', ['B', 'B', 't', 'shirt', 'blouse']],
    ['end. Next 3. and 4,', ['end', 'Next', '3', 'and', '4']],
    ['a.b 1.a a.1 x:y 1:2 a,b', ['a.b', '1', 'a', 'a', '1', 'x:y', '1', '2', 'a', 'b']],
    ['snake_case _ __ a_1', ['snake_case', 'a_1']],
    ['H2O 7.5oz 38mm', ['H2O', '7.5oz', '38mm']],
    [
      '\u82f9\u679c\u9152 \u3072\u3089 \u30ab\u30bf\u30ab\u30ca',
      ['\u82f9', '\u679c', '\u9152', '\u3072', '\u3089', '\u30ab\u30bf\u30ab\u30ca'],
    ],
    ['cafe\u0301 na\u00efve', ['cafe\u0301', 'na\u00efve']],
    ['\u2192 \u2014 !?', []],
  ];

  test.each(vectors)('finds the words of %j', (text, words) => {
    expect(breakWords(text)).toEqual(words);
  });

  test('cuts what is longer than 255', () => {
    expect(breakWords('x'.repeat(600)).map((word) => word.length)).toEqual([255, 255, 90]);
  });

  test('loses no letter and no digit, and keeps the order', () => {
    const letters = (text: string) => text.replaceAll(/[^\p{L}\p{Nd}]/gu, '');
    const unit = fc.oneof(
      fc.constantFrom(...".,':;_-/ \u0301a1Z\u30ab\u82f9"),
      fc.string({ unit: 'grapheme', maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), (units) => {
        const text = units.join('');
        expect(letters(breakWords(text).join(''))).toBe(letters(text));
      }),
    );
  });
});

describe('analyse', () => {
  test('drops possessives and stop words, lowers case and stems', () => {
    expect(analyse("The Women's Running Shoes, for WALKING with it")).toEqual([
      'women',
      'run',
      'shoe',
      'walk',
    ]);
    expect(analyse('doctor\u2019s IT\uff07S boss\u2019')).toEqual(['doctor', 'boss']);
  });

  test('has every stop word of Lucene', () => {
    const stopWords =
      'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with';
    expect(analyse(stopWords)).toEqual([]);
    expect(analyse('from have can')).toEqual(['from', 'have', 'can']);
  });
});
