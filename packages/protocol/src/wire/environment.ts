import type { MessageInitShape } from '@bufbuild/protobuf';
import { isErrorCode, ResidencyError } from '../errors.js';
import type {
  PlayRequest,
  PlayRequestSchema,
  PlayResponse,
  PlayResponseSchema,
} from '../gen/residency/v1/environment_pb.js';

/** What a player asks of one episode; `task` is JSON in the environment's own format. */
export type EpisodeCommand =
  | { readonly kind: 'open'; readonly environment: string; readonly task: unknown; readonly seed: number }
  | { readonly kind: 'act'; readonly action: string }
  | { readonly kind: 'close' };

/** What the player sees after opening or acting. */
export interface EpisodeView {
  readonly text: string;
  readonly admissible: readonly string[];
  /** Identifies the state for step-level grouping. */
  readonly anchor: string;
  /** Of the action just taken; 0 on opening. */
  readonly reward: number;
  readonly done: boolean;
  readonly info: Readonly<Record<string, unknown>>;
}

export type EpisodeResult =
  | { readonly kind: 'observation'; readonly view: EpisodeView }
  | { readonly kind: 'failure'; readonly error: ResidencyError }
  | { readonly kind: 'closed' };

export interface EpisodeRequest {
  readonly episodeId: string;
  readonly command: EpisodeCommand;
}

export interface EpisodeResponse {
  readonly episodeId: string;
  readonly result: EpisodeResult;
}

function parseTask(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const param = 'task_json';
    throw new ResidencyError('invalid_request', `${param}: found text that is not JSON`, { param, cause });
  }
}

export function episodeRequestToProto(request: EpisodeRequest): MessageInitShape<typeof PlayRequestSchema> {
  const { episodeId, command } = request;
  if (command.kind === 'act')
    return { episodeId, command: { case: 'act', value: { action: command.action } } };
  if (command.kind === 'close') return { episodeId, command: { case: 'close', value: {} } };
  const { environment, task, seed } = command;
  return {
    episodeId,
    command: { case: 'open', value: { environment, taskJson: JSON.stringify(task), seed } },
  };
}

/** @throws ResidencyError `invalid_request` where the command is missing or the task is not JSON. */
export function episodeRequestFromProto(message: PlayRequest): EpisodeRequest {
  const { episodeId, command } = message;
  if (command.case === 'act') return { episodeId, command: { kind: 'act', action: command.value.action } };
  if (command.case === 'close') return { episodeId, command: { kind: 'close' } };
  if (command.case === undefined) {
    throw new ResidencyError('invalid_request', 'command: found nothing, wanted open, act or close', {
      param: 'command',
    });
  }
  const { environment, taskJson, seed } = command.value;
  return { episodeId, command: { kind: 'open', environment, task: parseTask(taskJson), seed } };
}

export function episodeResponseToProto(
  response: EpisodeResponse,
): MessageInitShape<typeof PlayResponseSchema> {
  const { episodeId, result } = response;
  if (result.kind === 'closed') return { episodeId, result: { case: 'closed', value: {} } };
  if (result.kind === 'failure') {
    const { code, message } = result.error;
    return { episodeId, result: { case: 'failure', value: { code, message } } };
  }
  const { info, admissible, ...view } = result.view;
  return {
    episodeId,
    result: {
      case: 'observation',
      value: { ...view, admissible: [...admissible], infoJson: JSON.stringify(info) },
    },
  };
}

const malformed = (message: string, cause?: unknown): ResidencyError =>
  new ResidencyError('environment_failed', message, { cause });

function parseInfo(text: string): Readonly<Record<string, unknown>> {
  let info: unknown;
  try {
    info = JSON.parse(text);
  } catch (cause) {
    throw malformed('info_json: found text that is not JSON, wanted a JSON object', cause);
  }
  const isObject = typeof info === 'object' && info !== null && !Array.isArray(info);
  if (!isObject) throw malformed('info_json: found JSON of another kind, wanted a JSON object');
  // An object of JSON has text keys and any values.
  return info as Readonly<Record<string, unknown>>;
}

/**
 * What an environment answered, whoever wrote it.
 * @throws ResidencyError `environment_failed` where the result is missing, a reward is not finite or the info is
 * not a JSON object.
 */
export function episodeResponseFromProto(message: PlayResponse): EpisodeResponse {
  const { episodeId, result } = message;
  if (result.case === 'closed') return { episodeId, result: { kind: 'closed' } };
  if (result.case === 'failure') {
    const code = isErrorCode(result.value.code) ? result.value.code : 'internal';
    return { episodeId, result: { kind: 'failure', error: new ResidencyError(code, result.value.message) } };
  }
  if (result.case === undefined) {
    throw malformed('result: found nothing, wanted an observation, a failure or a close');
  }
  const { text, admissible, anchor, reward, done, infoJson } = result.value;
  if (!Number.isFinite(reward)) throw malformed(`reward: found ${reward}, wanted a finite number`);
  const info = parseInfo(infoJson);
  return {
    episodeId,
    result: { kind: 'observation', view: { text, admissible, anchor, reward, done, info } },
  };
}
