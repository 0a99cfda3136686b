import { EnvironmentError, environments } from '@residency/environments';
import { ResidencyError } from '@residency/protocol';

/** Whether a row can be used at all. @throws ResidencyError `invalid_dataset` naming the line, and the field where there is one */
export type RowCheck = (item: Readonly<Record<string, unknown>>, where: string, line: number) => void;

/** Tasks that are tried, so that a large data set does not keep the event loop: most rows differ by their seed alone. */
const MAX_TRIED = 64;

/**
 * The check of an environment of our own, which tries the first distinct tasks; one that is registered by address checks its tasks
 * itself, when its episodes are opened.
 */
export function taskCheckOf(environment: string): RowCheck {
  const known = Object.hasOwn(environments, environment) ? environments[environment] : undefined;
  if (known === undefined) return () => undefined;
  const tried = new Set<string>();
  return ({ task, seed }, where, line) => {
    const text = JSON.stringify(task);
    if (tried.size >= MAX_TRIED || tried.has(text)) return;
    tried.add(text);
    try {
      known.open({ task, seed: Number(seed) });
    } catch (cause) {
      if (!(cause instanceof EnvironmentError)) throw cause;
      throw new ResidencyError('invalid_dataset', `${where} line ${line}: ${cause.message}`, {
        param: where,
        cause,
      });
    }
  };
}
