import {
  type EpisodeResponse,
  type EpisodeView,
  type ErrorCode,
  episodeResponseFromProto,
  ResidencyError,
} from '@residency/protocol';

type PlayMessage = Parameters<typeof episodeResponseFromProto>[0];

/** What an environment may say of itself, as players act on it; any other code of its own becomes `environment_failed`. */
const KEPT_CODES: ReadonlySet<ErrorCode> = new Set([
  'deadline_exceeded',
  'environment_unknown',
  'episode_limit',
  'service_unavailable',
]);

const failed = (message: string): ResidencyError => new ResidencyError('environment_failed', message);

type Read<K extends EpisodeResponse['result']['kind']> = (
  result: Extract<EpisodeResponse['result'], { kind: K }>,
) => EpisodeView;

const readers: { readonly [K in EpisodeResponse['result']['kind']]: Read<K> } = {
  observation: ({ view }) => view,
  closed: () => {
    throw failed('result: found a close that was not asked for, wanted an observation or a failure');
  },
  failure: ({ error }) => {
    throw KEPT_CODES.has(error.code) ? error : failed(error.message);
  },
};

/**
 * The view that an environment answered with.
 * @throws ResidencyError the environment's failure, or `environment_failed` where the answer is not what the contract
 * (proto/residency/v1/environment.proto) allows.
 */
export function viewOf(message: PlayMessage, isOpening: boolean): EpisodeView {
  const { result } = episodeResponseFromProto(message);
  // The table is total over `kind`, which TypeScript cannot correlate with the result.
  const view = (readers[result.kind] as Read<EpisodeResponse['result']['kind']>)(result as never);
  if (isOpening && view.reward !== 0) throw failed(`reward: found ${view.reward} on opening, wanted 0`);
  if (isOpening && view.done) throw failed('done: found true on opening, wanted false');
  return view;
}
