import type { EpisodeTurn, SampledEpisode } from './group.js';

/** How many ids two lists begin with alike. */
function sharedLength(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

/** Prompts of turns in the order of time as a ledger keeps them: what each begins with as the one before is not repeated. */
export function packPrompts(
  prompts: readonly (readonly number[])[],
): Pick<EpisodeTurn, 'promptKeeps' | 'promptAdds'>[] {
  return prompts.map((prompt, at) => {
    const promptKeeps = sharedLength(prompts[at - 1] ?? [], prompt);
    return { promptKeeps, promptAdds: prompt.slice(promptKeeps) };
  });
}

/** The prompts of an episode's turns, the inverse of `packPrompts`. */
export function turnPrompts({ turns }: Pick<SampledEpisode, 'turns'>): number[][] {
  const prompts: number[][] = [];
  for (const { promptKeeps, promptAdds } of turns)
    prompts.push([...(prompts.at(-1) ?? []).slice(0, promptKeeps), ...promptAdds]);
  return prompts;
}
