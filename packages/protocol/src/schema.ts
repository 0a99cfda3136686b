import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

type Exact<S, T> = [S] extends [T] ? ([T] extends [S] ? true : false) : false;

/** Ties a schema to the interface it validates: the two compile only together. */
export function schemaOf<T>(): <S extends TSchema>(
  schema: Exact<Static<S>, T> extends true ? S : [Static<S>, 'does not describe', T],
) => TSchema {
  return (schema) => schema as TSchema;
}

/** A check compiled once: the value where it matches, else what was found and what was wanted. */
export type Check<T> = (
  value: unknown,
) => { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Compiles a schema made by `schemaOf<T>()`; only the first problem is reported. */
export function compileCheck<T>(schema: TSchema): Check<T> {
  const compiled = Compile(schema);
  return (value) => {
    // Sound because schemaOf tied the schema to T.
    if (compiled.Check(value)) return { ok: true, value: value as T };
    const [first] = compiled.Errors(value);
    const path = first === undefined || first.instancePath === '' ? 'value' : first.instancePath.slice(1);
    return { ok: false, problem: `${path.replaceAll('/', '.')}: ${first?.message ?? 'does not match'}` };
  };
}
