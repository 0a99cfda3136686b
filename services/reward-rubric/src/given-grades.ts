import {
  type DataMethod,
  type JobSpec,
  learnsFromSamples,
  methodOf,
  type SampledGroup,
  type SampleGrade,
} from '@residency/protocol';

/** What each sample of a row is worth, in order, and why. */
const WORTH: { readonly [M in DataMethod]: readonly { readonly value: number; readonly reason: string }[] } =
  {
    supervised: [{ value: 1, reason: 'the answer that the data gives' }],
    dpo: [
      { value: 1, reason: 'the preferred answer' },
      { value: -1, reason: 'the answer that was not preferred' },
    ],
  };

/** Grades of a group that came with the data: what a demonstration or a preference says of its own answers. */
export function givenGrades(spec: JobSpec, group: SampledGroup): SampleGrade[] {
  const method = methodOf(spec);
  const worth = learnsFromSamples(method) ? [] : WORTH[method];
  return group.samples.map((_, at) => {
    const { value = 0, reason = '' } = worth[at] ?? {};
    const component = { name: 'given', value, weight: 1, spans: [], reason };
    return { graded: true, total: value, components: [component] };
  });
}
