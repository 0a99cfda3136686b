import { defaultPorts } from '@residency/service';
import { advantageFields } from '@residency/service-advantage';
import { gatewayFields } from '@residency/service-gateway';
import { learnerFields } from '@residency/service-learner';
import { orchestratorFields } from '@residency/service-orchestrator';
import { rewardEnvironmentFields } from '@residency/service-reward-environment';
import { rewardRubricFields } from '@residency/service-reward-rubric';
import { rolloutFields } from '@residency/service-rollout';

export type ServiceName = keyof typeof defaultPorts;

type Fields = Readonly<Record<string, { readonly env: string }>>;

/** The settings that each service reads: the tables that it starts from, not a copy of them. */
const tables: { readonly [S in ServiceName]: Fields } = {
  gateway: { ...gatewayFields },
  orchestrator: { ...orchestratorFields },
  rollout: { ...rolloutFields },
  'reward-rubric': { ...rewardRubricFields },
  'reward-environment': { ...rewardEnvironmentFields },
  advantage: { ...advantageFields },
  learner: { ...learnerFields },
};

export interface ServiceFacts {
  readonly name: ServiceName;
  readonly http: number;
  readonly grpc: number | null;
  /** Environment variables that the service reads. */
  readonly env: ReadonlySet<string>;
}

export const services: readonly ServiceFacts[] = Object.entries(tables).map(([key, fields]) => {
  // The table is total, so that its keys are exactly the names.
  const name = key as ServiceName;
  const ports: { readonly http: number; readonly grpc?: number } = defaultPorts[name];
  const env = new Set(Object.values(fields).map((field) => field.env));
  return { name, http: ports.http, grpc: ports.grpc ?? null, env };
});

/** Every variable that any service reads. */
export const knownEnv: ReadonlySet<string> = new Set(services.flatMap(({ env }) => [...env]));

/** The variables under which services look for each other, sorted. */
export const knownAddresses: readonly string[] = [...knownEnv]
  .filter((name) => name.endsWith('_ADDRESS'))
  .sort();
