export { openedView, steppedView } from './episode-view.js';
export type { EpisodeFailure, EpisodeHost, EpisodeOpening, HostAnswer, HostView } from './host.js';
export { createLocalHost } from './local-host.js';
export { type PlayContext, type PlayRequest, playEpisodes, type SamplingSettings } from './play-episodes.js';
export { type PlayedEpisode, type PlayedTurn, returnOf } from './played-episode.js';
export type { AgentTokenizer, EpisodeForm } from './prompts.js';
