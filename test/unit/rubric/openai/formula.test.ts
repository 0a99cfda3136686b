import { compileFormula, formulaFunctions } from '@residency/rubric';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const known = new Set(['a', 'b', 'min_dose']);
const values = new Map([
  ['a', 0.5],
  ['b', 3],
  ['min_dose', -2],
]);

function evaluated(text: string): number {
  const compiled = compileFormula(text, known);
  if (!compiled.ok) throw new Error(compiled.problem);
  return compiled.formula.evaluate(values);
}

describe('a formula', () => {
  test.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 4 - 3', 3],
    ['24 / 4 / 3', 2],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['2 ^ -1', 0.5],
    ['2 * -3', -6],
    ['- - 2', 2],
    ['+a', 0.5],
    ['-a * b', -1.5],
    ['a+b', 3.5],
    ['0.5*a + 0.5 * b', 1.75],
    ['.5e1 + 1.', 6],
    ['abs(min_dose)', 2],
    ['max(a, b, min_dose)', 3],
    ['min(a)', 0.5],
    ['floor(2.7) + ceil(2.1)', 5],
    ['sqrt(16) + exp(0) + log(exp(2))', 7],
    ['max(a, min(b, 1)) ^ 2', 1],
    ['1 / 0', Number.POSITIVE_INFINITY],
    ['log(-1)', Number.NaN],
  ])('%s is %d', (text, value) => {
    expect(evaluated(text)).toBe(value);
  });

  test.each([
    ['', 'at character 0: found the end, wanted a number, a name or ('],
    ['a +', 'at character 3: found the end'],
    ['a b', "at character 2: found 'b', wanted an operator or the end"],
    // The schema's own example has this mistake.
    ['0.5 * a + 0.5 * b)', "at character 17: found ')', wanted an operator or the end"],
    ['(a', "wanted an operator or ')'"],
    ['c', "found 'c', wanted a grader (a, b, min_dose) or a function"],
    ['min', "found 'min', wanted a grader"],
    ['a(1)', "found '(', wanted an operator or the end"],
    ['abs(a, b)', 'wanted abs of 1, not of 2'],
    ['min()', "found ')', wanted a number"],
    ['a % b', "at character 2: found '%', wanted a number, a name or one of"],
    ['a ** b', "found '*', wanted a number"],
    ['process.exit()', "at character 7: found '.', wanted a number, a name"],
    ['process', "found 'process', wanted a grader"],
    [`${'('.repeat(100)}a${')'.repeat(100)}`, 'at most 64 levels of nesting'],
    ['1+'.repeat(1500), 'it has 3000 characters, want at most 2000'],
  ])('%s is refused with the place', (text, problem) => {
    expect(compileFormula(text, known)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });

  test('names what it reads', () => {
    const compiled = compileFormula('b + a * b', known);

    expect(compiled.ok && compiled.formula.names).toEqual(['a', 'b']);
  });

  test('has exactly the functions of the specification', () => {
    expect(Object.keys(formulaFunctions).sort()).toEqual('abs ceil exp floor log max min sqrt'.split(' '));
  });

  test('of any text is compiled or refused, never thrown', () => {
    const piece = fc.oneof(
      fc.constantFrom(...'a b min max ( ) , + - * / ^ 1 2.5 e . '.split(' ')),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const compiled = compileFormula(pieces.join(' '), known);
        if (compiled.ok) expect(typeof compiled.formula.evaluate(values)).toBe('number');
        else expect(compiled.problem).not.toBe('');
      }),
      { numRuns: 2000 },
    );
  });

  test('agrees with JavaScript on expressions made at random', () => {
    const { expression } = fc.letrec<{ expression: readonly [string, string] }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(['a', '0.5'] as const, ['b', '3'] as const),
        fc.nat(9).map((digit) => [`${digit}`, `${digit}`] as const),
        fc
          .tuple(tie('expression'), fc.constantFrom('+', '-', '*', '/'), tie('expression'))
          .map(
            ([[left, leftJs], operator, [right, rightJs]]) =>
              [`${left} ${operator} (${right})`, `${leftJs} ${operator} (${rightJs})`] as const,
          ),
        tie('expression').map(([inside, js]) => [`-(${inside})`, `(-(${js}))`] as const),
        fc
          .tuple(tie('expression'), tie('expression'))
          .map(
            ([[left, leftJs], [right, rightJs]]) =>
              [`max(${left}, ${right})`, `Math.max(${leftJs}, ${rightJs})`] as const,
          ),
      ),
    }));
    fc.assert(
      fc.property(expression, ([text, javaScript]) => {
        // Only digits, signs and Math.max, made above.
        const want: unknown = new Function(`return ${javaScript}`)();
        expect(evaluated(text)).toBe(want);
      }),
      { numRuns: 500 },
    );
  });
});
