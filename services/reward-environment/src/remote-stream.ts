import {
  type Client,
  type EnvironmentService,
  type EpisodeCommand,
  type EpisodeView,
  episodeRequestToProto,
  Outbox,
  ResidencyError,
  toResidencyError,
} from '@residency/protocol';
import type { EpisodeHost, EpisodeOpening, HostedEpisode, OpenedEpisode } from './episode-host.js';
import { viewOf } from './remote-answer.js';

export interface RemoteStreamOptions {
  /** The environment's name, for the server and for messages. */
  readonly name: string;
  readonly client: Client<typeof EnvironmentService>;
  /** Milliseconds in which the environment has to answer a command. */
  readonly timeoutMs: number;
  /** Milliseconds that the stream may last. */
  readonly deadlineMs: number;
  /** Told where the stream ends by itself. */
  readonly onBroken: (error: ResidencyError) => void;
}

type PlayMessage = Parameters<typeof viewOf>[0];

/** A command that a player waits for. */
interface Question {
  readonly isOpening: boolean;
  readonly resolve: (view: EpisodeView) => void;
  readonly reject: (error: ResidencyError) => void;
  readonly timer: NodeJS.Timeout;
}

interface RemoteEpisode {
  readonly id: string;
  readonly onLost: (error: ResidencyError) => void;
  /** Requests that the environment has not answered; more than one only once the episode is over. */
  owed: number;
  question: Question | null;
  isOver: boolean;
}

/** One stream to an environment that another server hosts, with the episodes that one player has there. */
export class RemoteStream implements EpisodeHost {
  readonly #options: RemoteStreamOptions;
  readonly #outbox: Outbox<ReturnType<typeof episodeRequestToProto>> = new Outbox();
  readonly #stop: AbortController = new AbortController();
  /** By the id that the environment knows; one that is over stays while answers are owed. */
  readonly #episodes: Map<string, RemoteEpisode> = new Map();
  readonly #reading: Promise<void>;
  /** Ids are this stream's own: players may use one again while the environment still owes an answer to it. */
  #opened = 0;
  #end: ResidencyError | null = null;

  constructor(options: RemoteStreamOptions) {
    this.#options = options;
    this.#reading = this.#read();
  }

  /** Whether the stream has ended, and with it every episode. */
  get isOver(): boolean {
    return this.#end !== null;
  }

  async open({ task, seed, onLost }: EpisodeOpening): Promise<OpenedEpisode> {
    this.#opened += 1;
    const episode: RemoteEpisode = {
      id: `${this.#opened}`,
      onLost,
      owed: 0,
      question: null,
      isOver: false,
    };
    this.#episodes.set(episode.id, episode);
    const view = await this.#ask(episode, { kind: 'open', environment: this.#options.name, task, seed });
    const hosted: HostedEpisode = {
      act: (action) => this.#ask(episode, { kind: 'act', action }),
      close: () => this.#giveUp(episode, new ResidencyError('cancelled', 'the episode was closed')),
    };
    return { episode: hosted, view };
  }

  /** Cancels the stream, the environment's side too. */
  async close(): Promise<void> {
    this.#finish(new ResidencyError('cancelled', `${this.#options.name}: the player's stream has ended`));
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { name, client, deadlineMs, onBroken } = this.#options;
    let error: ResidencyError;
    try {
      const answers = client.play(this.#outbox, { deadlineMs, signal: this.#stop.signal });
      for await (const answer of answers) this.#take(answer);
      error = new ResidencyError('service_unavailable', `${name}: the environment ended its stream`);
    } catch (thrown) {
      const { code, message } = toResidencyError(thrown);
      // However a stream breaks, the environment is not there for its episodes; a misplaced or oversized answer is its own fault.
      const isFault = code === 'environment_failed' || code === 'body_too_large';
      const reason = isFault ? 'environment_failed' : 'service_unavailable';
      error = new ResidencyError(reason, `${name}: ${message}`, { cause: thrown });
    }
    if (this.isOver) return;
    this.#finish(error);
    onBroken(error);
  }

  #ask(episode: RemoteEpisode, command: EpisodeCommand): Promise<EpisodeView> {
    const { name, timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      if (this.#end !== null) {
        reject(this.#end);
        return;
      }
      const late = new ResidencyError(
        'deadline_exceeded',
        `${name}: found no answer to ${command.kind} in ${timeoutMs} ms, wanted one in time`,
      );
      const timer = setTimeout(() => this.#giveUp(episode, late), timeoutMs);
      episode.question = { isOpening: command.kind === 'open', resolve, reject, timer };
      this.#send(episode, command);
    });
  }

  #send(episode: RemoteEpisode, command: EpisodeCommand): void {
    episode.owed += 1;
    this.#outbox.put(episodeRequestToProto({ episodeId: episode.id, command }));
  }

  /** @throws ResidencyError where the answer belongs to no request: nothing that follows can be trusted. */
  #take(message: PlayMessage): void {
    const episode = this.#episodes.get(message.episodeId);
    if (episode === undefined || episode.owed === 0) {
      throw new ResidencyError(
        'environment_failed',
        `episode_id: found an answer for ${JSON.stringify(message.episodeId.slice(0, 64))}, ` +
          'wanted one for an episode with an unanswered request',
      );
    }
    episode.owed -= 1;
    const { question } = episode;
    if (question === null) {
      this.#forget(episode);
      return;
    }
    try {
      const view = viewOf(message, question.isOpening);
      episode.isOver = view.done;
      this.#settle(episode);
      question.resolve(view);
    } catch (thrown) {
      const { code, message: reason } = toResidencyError(thrown);
      const error = new ResidencyError(code, `${this.#options.name}: ${reason}`, { cause: thrown });
      // An environment that failed an episode has ended it.
      if (message.result.case === 'failure') {
        episode.isOver = true;
        this.#settle(episode);
        question.reject(error);
      } else this.#giveUp(episode, error);
    }
  }

  /** Ends an episode that the environment still has: whoever waits is told, and so is the environment. */
  #giveUp(episode: RemoteEpisode, error: ResidencyError): void {
    if (episode.isOver || this.isOver) return;
    episode.isOver = true;
    const { question } = episode;
    this.#send(episode, { kind: 'close' });
    this.#settle(episode);
    question?.reject(error);
  }

  #settle(episode: RemoteEpisode): void {
    clearTimeout(episode.question?.timer);
    episode.question = null;
    this.#forget(episode);
  }

  #forget(episode: RemoteEpisode): void {
    if (episode.isOver && episode.owed === 0) this.#episodes.delete(episode.id);
  }

  #finish(error: ResidencyError): void {
    if (this.#end !== null) return;
    this.#end = error;
    this.#outbox.end();
    this.#stop.abort();
    const left = [...this.#episodes.values()];
    this.#episodes.clear();
    for (const episode of left) {
      if (episode.isOver) continue;
      episode.isOver = true;
      clearTimeout(episode.question?.timer);
      if (episode.question === null) episode.onLost(error);
      else episode.question.reject(error);
    }
  }
}
