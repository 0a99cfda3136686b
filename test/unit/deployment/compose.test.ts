import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { compose, root } from './manifests.js';
import { knownAddresses, knownEnv, services } from './service-facts.js';

const file = compose();
const seconds = (duration = '') => Number(/^(\d+)s$/.exec(duration)?.[1]);

describe('docker-compose.yml', () => {
  test('runs Redis, Prometheus and every service', () => {
    const names = [...services.map(({ name }) => name), 'prometheus', 'redis'];

    expect(Object.keys(file.services).sort()).toEqual(names.sort());
  });

  test.each(services.map((service) => [service.name, service] as const))('service %s', (name, service) => {
    const entry = file.services[name];
    const environment = entry?.environment ?? {};

    expect(entry?.command).toEqual(['node', `services/${name}`]);
    expect(existsSync(join(root, 'services', name, 'package.json'))).toBe(true);
    expect(entry?.healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${service.http}/readyz`);
    expect(entry).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    for (const variable of Object.keys(environment)) expect([...knownEnv]).toContain(variable);

    // Killed only after its own deadline has passed.
    expect(1_000 * seconds(entry?.stop_grace_period)).toBeGreaterThan(
      Number(environment['RESIDENCY_SHUTDOWN_MS']),
    );

    // Who reads the store, the models or the cache has them mounted where it looks for them.
    const targets = (entry?.volumes ?? []).map((volume) => volume.split(':')[1]);
    for (const variable of ['RESIDENCY_STORE_DIR', 'RESIDENCY_MODELS_DIR', 'RESIDENCY_CACHE_DIR']) {
      expect(targets.includes(environment[variable])).toBe(service.env.has(variable));
    }
    const waits = entry?.depends_on?.['redis']?.condition === 'service_healthy';
    expect(waits).toBe(service.env.has('REDIS_URL'));
  });

  test('gives addresses at which services listen', () => {
    const environment = file.services['orchestrator']?.environment ?? {};
    const addresses = Object.entries(environment).filter(([name]) => name.endsWith('_ADDRESS'));

    expect(addresses.map(([name]) => name).sort()).toEqual(knownAddresses);
    for (const [, address] of addresses) {
      const [host, port] = address.split(':');
      expect(services.find(({ name }) => name === host)?.grpc).toBe(Number(port));
    }
  });

  test('publishes on this machine only', () => {
    for (const { ports = [] } of Object.values(file.services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });

  test('has every named volume that services mount', () => {
    const named = Object.values(file.services)
      .flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''))
      .filter((source) => !source.startsWith('.'));

    expect([...new Set(named)].sort()).toEqual(Object.keys(file.volumes).sort());
  });

  test('takes secrets from the environment and insists on them', () => {
    const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');

    // A quoted "$$" is a password that the container's own shell fills in.
    const uses = text.match(/\$\{?(REDIS_PASSWORD|RESIDENCY_API_KEY)[^}"\s]*/g) ?? [];
    expect(uses.length).toBeGreaterThanOrEqual(3);
    for (const use of uses) expect(use).toMatch(/^(\$\{[A-Z_]+:\?set|\$REDIS_PASSWORD$)/);
  });

  test('keeps what Redis holds', () => {
    expect(file.services['redis']?.command.join(' ')).toContain('--appendonly yes --appendfsync everysec');
  });
});

describe('monitoring/prometheus.yml', () => {
  interface PrometheusFile {
    readonly scrape_configs: readonly {
      readonly metrics_path: string;
      readonly dns_sd_configs: readonly { readonly names: readonly string[]; readonly port: number }[];
    }[];
  }

  test('scrapes every service at its own port', () => {
    const text = readFileSync(join(root, 'monitoring', 'prometheus.yml'), 'utf8');
    const [job] = (parse(text) as PrometheusFile).scrape_configs;

    const scraped = job?.dns_sd_configs.map(({ names, port }) => `${names.join()}:${port}`);

    expect(job?.metrics_path).toBe('/metrics');
    expect(scraped?.toSorted()).toEqual(services.map(({ name, http }) => `${name}:${http}`).sort());
  });
});

describe('Containerfile', () => {
  const text = readFileSync(join(root, 'Containerfile'), 'utf8');
  const stages = text.split(/^FROM /m).slice(1);

  test('builds in one stage and runs in another, as nobody in particular', () => {
    expect(stages).toHaveLength(2);
    expect(stages[1]).toMatch(/^USER (\d+):(\d+)$/m);
    expect(stages[1]).not.toMatch(/^USER 0|npm |COPY \. /m);
  });

  test('copies only what exists and is not kept out of the build', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    const copies = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
      (match[1] ?? '').split(' '),
    );

    expect(copies.length).toBeGreaterThan(5);
    for (const source of copies) expect(ignored).toContain(`!${source}`);
    for (const source of copies.filter((name) => name !== 'models')) {
      expect(existsSync(join(root, source))).toBe(true);
    }
  });

  test('agrees with the folders that compose mounts', () => {
    const environment = file.services['learner']?.environment ?? {};

    for (const name of ['RESIDENCY_STORE_DIR', 'RESIDENCY_MODELS_DIR']) {
      expect(text).toContain(`${name}=${environment[name]}`);
    }
    // A named volume is its user's where the image has the folder as such.
    expect(text).toMatch(/install -d -o residency -g residency .* \/var\/cache\/residency$/m);
    expect(environment['RESIDENCY_CACHE_DIR']).toBe('/var/cache/residency');
  });

  test('is for a Node.js that package.json allows', () => {
    const major = Number(/^ARG BASE=node:(\d+)-bookworm-slim$/m.exec(text)?.[1]);
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly engines: { readonly node: string };
    };

    expect(major).toBeGreaterThanOrEqual(Number(/>=(\d+)/.exec(engines.node)?.[1]));
  });
});
