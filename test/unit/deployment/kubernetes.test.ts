import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Container, compose, find, type Manifest, mergedBase, renderedBase, root } from './manifests.js';
import { knownAddresses, knownEnv, services } from './service-facts.js';

const rendered = renderedBase();
const all = rendered ?? mergedBase();
const workloads = all.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
const podOf = (workload: Manifest) => {
  const pod = workload.spec.template?.spec;
  if (pod === undefined) throw new Error(`${workload.metadata.name} has no pod`);
  return pod;
};
const containerOf = (workload: Manifest): Container => {
  const [container] = podOf(workload).containers;
  if (container === undefined) throw new Error(`${workload.metadata.name} has no container`);
  return container;
};
const title = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;
const modelPath = ({ apiVersion, kind }: Manifest) => `kubernetes-models/${apiVersion}/${kind}`;

test.runIf(rendered !== null)('merging the files by hand gives what kubectl renders', () => {
  const sorted = (manifests: readonly Manifest[]) =>
    manifests.toSorted((a, b) => (title(a) < title(b) ? -1 : 1));

  expect(sorted(mergedBase())).toEqual(sorted(rendered ?? []));
});

describe('schemas', () => {
  interface Model {
    validate(): void;
  }
  type Models = Readonly<Record<string, new (data: Manifest) => Model>>;

  test.each(all.map((manifest) => [title(manifest), manifest] as const))(
    '%s is valid',
    async (_, manifest) => {
      // The module of a kind exports a class of its name.
      const models = (await import(modelPath(manifest))) as Models;
      const Kind = models[manifest.kind];

      expect(Kind).toBeDefined();
      if (Kind !== undefined) new Kind(manifest).validate();
    },
  );

  test('no resource has a key that its kind does not know', () => {
    mkdirSync(join(root, '.residency'), { recursive: true });
    // Inside the repository, so that the packages are found.
    const dir = mkdtempSync(join(root, '.residency', 'kubernetes-'));
    const check = (manifests: readonly unknown[], kinds: readonly Manifest[]) => {
      const lines = manifests.flatMap((manifest, index) => [
        `import type { I${kinds[index]?.kind} as T${index} } from '${kinds[index] && modelPath(kinds[index])}';`,
        `export const d${index}: T${index} = ${JSON.stringify(manifest)};`,
      ]);
      writeFileSync(join(dir, 'check.ts'), lines.join('\n'));
      const flags = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig', '--types', ''];
      const modules = ['--module', 'nodenext', '--target', 'es2023'];
      try {
        execFileSync(
          join(root, 'node_modules', '.bin', 'tsc'),
          [...flags, ...modules, join(dir, 'check.ts')],
          {
            encoding: 'utf8',
            timeout: 60_000,
          },
        );
        return '';
      } catch (error) {
        return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
      }
    };
    try {
      expect(check(all, all)).toBe('');
      // The check can fail: one misspelt key is found.
      const [first] = workloads;
      const misspelt = { ...first, spec: { ...first?.spec, minReadySecond: 1 } };
      expect(check([misspelt], first === undefined ? [] : [first])).toContain('minReadySecond');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('workloads', () => {
  test('are Redis and every service', () => {
    const names = workloads.map(({ metadata }) => metadata.name).sort();

    expect(names).toEqual([...services.map(({ name }) => name), 'redis'].sort());
  });

  test.each(workloads.map((workload) => [title(workload), workload] as const))('%s', (_, workload) => {
    const pod = podOf(workload);
    const container = containerOf(workload);
    const labels = workload.spec.template?.metadata.labels ?? {};

    // Selectors find the pods, and only these.
    expect(Object.keys(workload.spec.selector?.matchLabels ?? {})).not.toHaveLength(0);
    expect(labels).toMatchObject(workload.spec.selector?.matchLabels ?? {});
    expect(labels['app.kubernetes.io/name']).toBe(workload.metadata.name);

    // Nothing runs as root, writes to its image or gains rights.
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.securityContext?.['runAsUser']).toBeGreaterThan(0);
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });

    for (const kind of ['requests', 'limits'] as const) {
      expect(container.resources?.[kind]).toEqual({ cpu: expect.any(String), memory: expect.any(String) });
    }

    for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
      const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
      if (port !== undefined) expect(container.ports.map(({ name }) => name)).toContain(port);
      else if (probe?.grpc !== undefined) {
        expect(container.ports).toContainEqual({ name: 'grpc', containerPort: probe.grpc.port });
      } else expect(probe?.exec?.command).toBeDefined();
    }

    // Every mounted volume exists, and every claim too.
    const claims = all
      .filter(({ kind }) => kind === 'PersistentVolumeClaim')
      .map(({ metadata }) => metadata.name);
    const volumes = [
      ...(pod.volumes ?? []).map(({ name }) => name),
      ...(workload.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name),
    ];
    for (const { name } of container.volumeMounts ?? []) expect(volumes).toContain(name);
    for (const { persistentVolumeClaim } of pod.volumes ?? []) {
      if (persistentVolumeClaim !== undefined) expect(claims).toContain(persistentVolumeClaim.claimName);
    }
  });

  test.each(services.map((service) => [service.name, service] as const))('service %s', (name, service) => {
    const workload = find(all, 'Deployment', name);
    const container = containerOf(workload);
    const config = find(all, 'ConfigMap', container.envFrom?.[0]?.configMapRef.name ?? '').data ?? {};

    expect(container.command).toEqual(['node', `services/${name}`]);
    expect(container.image).toBe(compose().services[name]?.image);
    expect(container.ports).toEqual([
      { name: 'http', containerPort: service.http },
      ...(service.grpc === null ? [] : [{ name: 'grpc', containerPort: service.grpc }]),
    ]);
    expect(container.readinessProbe).toMatchObject(
      service.grpc === null
        ? { httpGet: { path: '/readyz', port: 'http' } }
        : { grpc: { port: service.grpc } },
    );

    // A variable that no service reads is a misspelling; a helper is one that another value is made of.
    const values = (container.env ?? []).map(({ value }) => value ?? '').join('\n');
    for (const { name: variable } of container.env ?? []) {
      if (!values.includes(`$(${variable})`)) expect([...service.env]).toContain(variable);
    }
    expect([...service.env].includes('REDIS_URL')).toBe(
      container.env?.some((entry) => entry.name === 'REDIS_URL') ?? false,
    );

    // Who reads the store has it mounted.
    const mounts = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    expect(mounts.includes(config['RESIDENCY_STORE_DIR'] ?? '')).toBe(service.env.has('RESIDENCY_STORE_DIR'));

    // Who keeps weights has a folder for them.
    const cache = container.env?.find((entry) => entry.name === 'RESIDENCY_CACHE_DIR')?.value ?? '';
    expect(mounts.includes(cache)).toBe(service.env.has('RESIDENCY_CACHE_DIR'));

    // Killed only after its own deadline has passed.
    const grace = podOf(workload).terminationGracePeriodSeconds ?? 0;
    expect(1_000 * grace).toBeGreaterThan(Number(config['RESIDENCY_SHUTDOWN_MS']));
  });

  test('exactly one learner at any time', () => {
    expect(find(all, 'Deployment', 'learner').spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'Recreate' },
    });
  });
});

describe('services', () => {
  const published = all.filter(({ kind }) => kind === 'Service');

  test.each(published.map((service) => [title(service), service] as const))(
    '%s reaches its pods',
    (_, service) => {
      const targets = workloads.filter(({ spec }) =>
        Object.entries(service.spec.selector ?? {}).every(
          ([label, value]) => spec.template?.metadata.labels[label] === value,
        ),
      );
      expect(targets.map(({ metadata }) => metadata.name)).toEqual([service.metadata.name]);

      const [target] = targets;
      const ports = target === undefined ? [] : containerOf(target).ports;
      for (const { port, targetPort } of service.spec.ports ?? []) {
        expect(ports).toContainEqual({ name: targetPort, containerPort: port });
      }
    },
  );

  test('are found under the addresses that the configuration gives', () => {
    const config = find(all, 'ConfigMap', 'residency').data ?? {};
    const addresses = Object.entries(config).filter(([name]) => name.endsWith('_ADDRESS'));

    expect(addresses.map(([name]) => name).sort()).toEqual(knownAddresses);
    for (const [, address] of addresses) {
      const [host = '', port] = address.split(':');
      const { spec } = find(all, 'Service', host);
      expect(spec.ports?.map((entry) => String(entry.port))).toContain(port);
    }
  });
});

describe('configuration', () => {
  test('holds only variables that some service reads', () => {
    for (const name of Object.keys(find(all, 'ConfigMap', 'residency').data ?? {})) {
      expect([...knownEnv]).toContain(name);
    }
  });

  test('holds no secret', () => {
    expect(all.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    for (const workload of workloads) {
      for (const { name, value } of containerOf(workload).env ?? []) {
        if (/PASSWORD|KEY|SECRET/.test(name)) expect(value).toBeUndefined();
      }
    }
  });

  test('lives in one namespace', () => {
    for (const { kind, metadata } of all) {
      expect(metadata.namespace).toBe(kind === 'Namespace' ? undefined : 'residency');
    }
  });

  test('keeps what Redis holds', () => {
    const { command } = containerOf(find(all, 'StatefulSet', 'redis'));

    expect(command.join(' ')).toContain('--appendonly yes --appendfsync everysec');
    expect(command.join(' ')).toContain('--maxmemory-policy noeviction');
    expect(find(all, 'PersistentVolumeClaim', 'store').spec.accessModes).toEqual(['ReadWriteMany']);
  });
});
