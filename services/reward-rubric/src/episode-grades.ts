import type { RewardComponent, SampledEpisode, SampledGroup, SampleGrade } from '@residency/protocol';

const share = (flags: readonly boolean[]): number =>
  flags.length === 0 ? 0 : flags.filter((flag) => flag).length / flags.length;

const reported = (name: string, value: number, reason: string): RewardComponent => ({
  ...{ name, value, weight: 0, spans: [], reason },
});

function gradeOf({ turns, won, outcome, failure }: SampledEpisode): SampleGrade {
  if (failure !== null)
    return { graded: false, reason: 'episode_failed', message: `${failure.code}: ${failure.message}` };
  const total = turns.reduce((sum, { reward }) => sum + reward, 0);
  return {
    graded: true,
    total,
    components: [
      {
        name: 'return',
        value: total,
        weight: 1,
        spans: [],
        reason: `rewards of the environment: ${outcome}`,
      },
      reported('accuracy', won ? 1 : 0, won ? 'the task was fulfilled' : 'the task was not fulfilled'),
      reported(
        'valid_actions',
        share(turns.map(({ isValid }) => isValid)),
        'responses in the form asked for',
      ),
      reported(
        'admissible_actions',
        share(turns.map(({ isAdmissible }) => isAdmissible)),
        'actions that the environment offered',
      ),
      reported('turns', turns.length, 'responses of the policy'),
    ],
  };
}

/** Grades of episodes: what their environment gave, and how they went. One that ended abnormally has none. */
export const episodeGrades = ({ samples }: SampledGroup): SampleGrade[] =>
  samples.map(({ episode }) =>
    episode === undefined
      ? { graded: false, reason: 'episode_failed', message: 'internal: a sample without its episode' }
      : gradeOf(episode),
  );
