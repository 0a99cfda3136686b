import { ResidencyError } from '@residency/protocol';

/**
 * What comes of a group of a request.
 * @throws ResidencyError `invalid_request` naming the group that cannot be weighed
 */
export function ofGroup<T>(index: number, weigh: () => T): T {
  try {
    return weigh();
  } catch (cause) {
    if (cause instanceof ResidencyError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ResidencyError('invalid_request', `groups ${index}: ${reason}`, { param: 'groups', cause });
  }
}
