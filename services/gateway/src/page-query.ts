import { ResidencyError } from '@residency/protocol';

/** A page that a list request asks for. */
export interface Page {
  readonly after: string | null;
  readonly limit: number;
}

const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 20;

/**
 * Reads `after` and `limit` of a query; other keys are refused.
 * @throws ResidencyError `invalid_request`, `unknown_parameter`.
 */
export function parsePage(query: unknown): Page {
  const values = query as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(values).sort()) {
    if (name === 'after' || name === 'limit') continue;
    throw new ResidencyError(
      'unknown_parameter',
      `${name}: found an unknown parameter, wanted after or limit`,
      {
        param: name,
      },
    );
  }
  const { after, limit } = values;
  if (after !== undefined && (typeof after !== 'string' || after === '')) {
    throw new ResidencyError('invalid_request', `after: found ${JSON.stringify(after)}, wanted one id`, {
      param: 'after',
    });
  }
  const count = limit === undefined ? DEFAULT_LIMIT : Number(limit);
  if (typeof (limit ?? '1') !== 'string' || !Number.isInteger(count) || count < 1 || count > MAX_LIMIT) {
    throw new ResidencyError(
      'invalid_request',
      `limit: found ${JSON.stringify(limit)}, wanted an integer from 1 to ${MAX_LIMIT}`,
      { param: 'limit' },
    );
  }
  return { after: after ?? null, limit: count };
}
