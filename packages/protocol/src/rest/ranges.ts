import { Type } from 'typebox';

/** Options of an object that refuses unknown keys. */
export const closed = { additionalProperties: false } as const;

// Schemas of ranges; their descriptions are what a refusal says was wanted.

export const integer = (minimum: number, maximum: number): Type.TInteger =>
  Type.Integer({ minimum, maximum, description: `an integer from ${minimum} to ${maximum}` });

export const number = (minimum: number, maximum: number): Type.TNumber =>
  Type.Number({ minimum, maximum, description: `a number from ${minimum} to ${maximum}` });

export const above = (exclusiveMinimum: number, maximum: number): Type.TNumber =>
  Type.Number({
    exclusiveMinimum,
    maximum,
    description: `a number above ${exclusiveMinimum} and up to ${maximum}`,
  });

export const between = (exclusiveMinimum: number, exclusiveMaximum: number): Type.TNumber =>
  Type.Number({
    ...{ exclusiveMinimum, exclusiveMaximum },
    description: `a number above ${exclusiveMinimum} and below ${exclusiveMaximum}`,
  });

export const oneOf = <const N extends string>(names: readonly N[]): Type.TUnsafe<N> =>
  Type.Unsafe<N>({ type: 'string', enum: names, description: `one of ${names.join(', ')}` });
