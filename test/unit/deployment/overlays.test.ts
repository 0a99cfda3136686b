import { describe, expect, test } from 'vitest';
import { find, type Manifest, rendered } from './manifests.js';
import { services } from './service-facts.js';

const [base, cpu, gpu] = [rendered('base'), rendered('overlays/cpu'), rendered('overlays/gpu')];
if (base === null || cpu === null || gpu === null)
  process.stdout.write('left out: the overlays of k8s, as there is no kubectl to render them\n');

/** Who computes. */
const COMPUTING = services.filter(({ env }) => env.has('RESIDENCY_DEVICE')).map(({ name }) => name);

interface Model {
  validate(): void;
}

describe.runIf(base !== null && cpu !== null && gpu !== null)('k8s/overlays, where there is kubectl', () => {
  const [plain, onGpu] = [base ?? [], gpu ?? []];
  const isComputing = ({ kind, metadata }: Manifest): boolean =>
    kind === 'Deployment' && COMPUTING.some((name) => name === metadata.name);

  test('cpu is the base', () => {
    expect(cpu).toEqual(base);
  });

  test('gpu changes who computes and nobody else', () => {
    expect(COMPUTING).toEqual(['rollout', 'learner']);
    expect(onGpu.filter((m) => !isComputing(m))).toEqual(plain.filter((m) => !isComputing(m)));
  });

  test.each(COMPUTING)('gpu gives the %s a GPU', async (name) => {
    const [before, after] = [plain, onGpu].map((all) => find(all, 'Deployment', name));
    const pod = after?.spec.template?.spec;
    const [was, container] = [before?.spec.template?.spec.containers[0], pod?.containers[0]];

    expect(container?.resources?.limits).toEqual({ ...was?.resources?.limits, 'nvidia.com/gpu': '1' });
    expect(container?.resources?.requests).toEqual(was?.resources?.requests);
    expect(pod?.nodeSelector).toEqual({ 'nvidia.com/gpu.present': 'true' });
    expect(pod?.tolerations).toMatchObject([{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }]);
    const changed = { RESIDENCY_DEVICE: 'cuda:0', RESIDENCY_PRECISION: 'bf16' };
    const environment = (entries: typeof container) =>
      Object.fromEntries((entries?.env ?? []).map((e) => [e.name, e.value ?? e.valueFrom]));
    expect(environment(container)).toEqual({ ...environment(was), ...changed });
    expect(container?.image).toBe(`${was?.image}-cuda`);
    expect(container?.securityContext).toEqual(was?.securityContext);
    // What is rolled out never waits for a GPU that what it replaces still holds.
    const { strategy } = after?.spec ?? {};
    expect(strategy?.type === 'Recreate' || strategy?.rollingUpdate?.['maxSurge'] === 0).toBe(true);

    // The module of a kind exports a class of its name.
    const models = (await import('kubernetes-models/apps/v1/Deployment')) as unknown as Readonly<
      Record<string, new (data: unknown) => Model>
    >;
    const Deployment = models['Deployment'];
    expect(Deployment).toBeDefined();
    if (Deployment !== undefined) new Deployment(after).validate();
  });
});
