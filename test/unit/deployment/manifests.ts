import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

export const root: string = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const baseDir = join(root, 'k8s', 'base');

export interface EnvEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
  readonly grpc?: { readonly port: number };
  readonly exec?: { readonly command: readonly string[] };
  readonly tcpSocket?: { readonly port: string };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env?: readonly EnvEntry[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly resources?: Readonly<Record<'requests' | 'limits', Readonly<Record<string, string>>>>;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

type Labels = Readonly<Record<string, string>>;

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly terminationGracePeriodSeconds?: number;
  readonly nodeSelector?: Labels;
  readonly tolerations?: readonly { readonly key: string; readonly effect: string }[];
  readonly automountServiceAccountToken?: boolean;
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
}

/** The parts of a resource that the checks read. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly selector?: Labels & { readonly matchLabels?: Labels };
    readonly ports?: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
    readonly replicas?: number;
    readonly strategy?: {
      readonly type: string;
      readonly rollingUpdate?: Readonly<Record<string, number>>;
    };
    readonly serviceName?: string;
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
    readonly accessModes?: readonly string[];
  };
}

function documents(text: string): Manifest[] {
  // The shape is what the checks go on to test; a wrong one fails them.
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

/** What kustomize makes of the base, by its two features that the base uses: resources and namespace. */
export function mergedBase(): Manifest[] {
  const file = parse(readFileSync(join(baseDir, 'kustomization.yaml'), 'utf8')) as {
    readonly namespace: string;
    readonly resources: readonly string[];
  };
  const all = file.resources.flatMap((name) => documents(readFileSync(join(baseDir, name), 'utf8')));
  return all.map((manifest) =>
    manifest.kind === 'Namespace'
      ? manifest
      : { ...manifest, metadata: { ...manifest.metadata, namespace: file.namespace } },
  );
}

/** The base as kubectl renders it, or null on a machine without kubectl. */
export const renderedBase = (): Manifest[] | null => rendered('base');

/** A folder of k8s as kubectl renders it, or null on a machine without kubectl. */
export function rendered(folder: 'base' | 'overlays/cpu' | 'overlays/gpu'): Manifest[] | null {
  const args = ['kustomize', join(root, 'k8s', folder)];
  try {
    return documents(execFileSync('kubectl', args, { encoding: 'utf8', timeout: 30_000 }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** A resource by kind and name. */
export function find(all: readonly Manifest[], kind: string, name: string): Manifest {
  const found = all.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

/** One service of docker-compose.yml, merge keys resolved. */
export interface ComposeService {
  readonly image: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export function compose(): Compose {
  return parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose;
}
