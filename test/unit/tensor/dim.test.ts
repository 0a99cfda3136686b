import { addDims, type Dim, mulDims, productOf, showDim, subDims, sym } from '@residency/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evalDim, sameDim } from '../../../packages/tensor/src/dim.js';

const [P, S, G] = [sym('P'), sym('S'), sym('G')];

describe('symbolic dimensions', () => {
  it('have one form however they are built', () => {
    const rows = addDims(P, mulDims(G, S));
    expect(showDim(rows)).toBe('G*S+P');
    expect(sameDim(rows, addDims(mulDims(S, G), P))).toBe(true);
    expect(subDims(rows, mulDims(G, S))).toEqual(P);
    expect(subDims(rows, rows)).toBe(0);
    expect(showDim(subDims(P, 1))).toBe('P-1');
    expect(showDim(productOf([2, P, 3, addDims(S, 1)]))).toBe('6*P+6*P*S');
  });

  it('compute as polynomials do', () => {
    const leaf = fc.oneof(fc.integer({ min: -3, max: 4 }), fc.constantFrom<Dim>(P, S, G));
    const expression = fc.array(fc.tuple(fc.constantFrom('add', 'sub', 'mul'), leaf), { maxLength: 5 });
    const sizes = { P: 3, S: 5, G: 7 };
    fc.assert(
      fc.property(leaf, expression, (start, steps) => {
        const table = { add: addDims, sub: subDims, mul: mulDims };
        const plain = {
          add: (a: number, b: number) => a + b,
          sub: (a: number, b: number) => a - b,
          mul: (a: number, b: number) => a * b,
        };
        let dim: Dim = start;
        let value = evalDim(start, sizes);
        for (const [name, operand] of steps) {
          dim = table[name as 'add'](dim, operand);
          value = plain[name as 'add'](value, evalDim(operand, sizes));
        }
        expect(evalDim(dim, sizes)).toBe(value + 0);
      }),
    );
  });

  it('name the size that has no value', () => {
    expect(() => evalDim(mulDims(P, G), { P: 2 })).toThrow('no value for size G in G*P');
  });
});
