import { defineConfig } from 'vitest/config';

const shared = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
};

const project = (name: string, testTimeout: number, fileParallelism: boolean) => ({
  ...shared,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    pool: 'forks' as const,
    testTimeout,
    hookTimeout: 120_000,
    fileParallelism,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 60_000, true),
      project('integration', 120_000, true),
      project('e2e', 400_000, false),
      project('fault', 400_000, false),
    ],
  },
});
