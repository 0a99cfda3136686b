import type { AdvantageGroup } from '@residency/protocol';
import type { ArtifactStore, GradedGroup } from '@residency/storage';

/**
 * Keeps a unit's groups as an artifact, one JSON object per line in index order: prompt and completion ids, texts,
 * log-probabilities, every grade with its components and reasons, and in training the advantages.
 * @returns the SHA-256 of the artifact; the same groups always have the same.
 */
export async function archiveUnit(
  store: ArtifactStore,
  groups: readonly GradedGroup[],
  advantages: ReadonlyMap<number, AdvantageGroup>,
): Promise<string> {
  const encoder = new TextEncoder();
  const lines = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for (const { group, grades } of groups) {
      const weighed = advantages.get(group.index) ?? null;
      yield encoder.encode(`${JSON.stringify({ ...group, grades: grades.grades, advantages: weighed })}\n`);
    }
  };
  return (await store.put(lines())).sha256;
}
