import type { Environment } from './environment.js';
import { EnvironmentError } from './errors.js';
import { household } from './household/household.js';
import { shop } from './shop/index.js';
import { triage } from './triage.js';
import { ward } from './ward/ward.js';

/** Every environment by its name. */
export const environments: Readonly<Record<string, Environment>> = {
  [household.name]: household,
  [shop.name]: shop,
  [triage.name]: triage,
  [ward.name]: ward,
};

/**
 * The environment of a name from outside.
 * @throws EnvironmentError ENVIRONMENT_UNKNOWN
 */
export function environmentNamed(name: string): Environment {
  const found = Object.hasOwn(environments, name) ? environments[name] : undefined;
  if (found !== undefined) return found;
  throw new EnvironmentError(
    'ENVIRONMENT_UNKNOWN',
    'environment',
    `environment is '${name}', want one of: ${Object.keys(environments).sort().join(', ')}`,
  );
}
