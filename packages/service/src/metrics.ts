import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What a metric says, and what it is split by. */
export interface MetricEntry {
  readonly help: string;
  readonly labels: readonly string[];
}

export type CounterName =
  | 'residency_advantage_groups_total'
  | 'residency_episodes_total'
  | 'residency_grades_total'
  | 'residency_grpc_errors_total'
  | 'residency_http_requests_total'
  | 'residency_jobs_total'
  | 'residency_judge_tokens_total'
  | 'residency_learn_tokens_total'
  | 'residency_policy_bytes_total'
  | 'residency_queue_jobs_total'
  | 'residency_sampled_tokens_total'
  | 'residency_units_total';

export type HistogramName =
  | 'residency_grade_seconds'
  | 'residency_http_request_seconds'
  | 'residency_learn_seconds'
  | 'residency_queue_job_seconds'
  | 'residency_sample_seconds';

export type GaugeName =
  | 'residency_episodes'
  | 'residency_learn_clip_fraction'
  | 'residency_learn_clip_scale'
  | 'residency_learn_entropy_nats'
  | 'residency_learn_gradient_norm'
  | 'residency_learn_kl_nats'
  | 'residency_learn_loss'
  | 'residency_learn_old_kl_nats'
  | 'residency_learn_parameter_norm'
  | 'residency_learning_rate'
  | 'residency_learn_ratio'
  | 'residency_learn_update_norm'
  | 'residency_queue_jobs';

const entry = (help: string, ...labels: string[]): MetricEntry => ({ help, labels });

const counters: { readonly [N in CounterName]: MetricEntry } = {
  residency_advantage_groups_total: entry('Groups weighed'),
  residency_episodes_total: entry('Episodes ended, by outcome', 'outcome'),
  residency_grades_total: entry('Samples graded, by outcome', 'outcome'),
  residency_grpc_errors_total: entry('gRPC calls that ended in an error', 'method', 'code'),
  residency_http_requests_total: entry('HTTP requests answered', 'method', 'route', 'status'),
  residency_judge_tokens_total: entry('Tokens of judging models', 'model', 'kind'),
  residency_jobs_total: entry('Training jobs ended', 'status'),
  residency_learn_tokens_total: entry('Tokens that carried loss'),
  residency_policy_bytes_total: entry('Adapter bytes fetched'),
  residency_queue_jobs_total: entry('Queue jobs processed', 'queue', 'outcome'),
  residency_sampled_tokens_total: entry('Tokens sampled'),
  residency_units_total: entry('Units of work committed', 'phase'),
};

const histograms: { readonly [N in HistogramName]: MetricEntry } = {
  residency_grade_seconds: entry('Time to grade a group'),
  residency_http_request_seconds: entry('Time to answer an HTTP request', 'method', 'route'),
  residency_learn_seconds: entry('Time to take a training step'),
  residency_queue_job_seconds: entry('Time to process a queue job', 'queue'),
  residency_sample_seconds: entry('Time to sample a group'),
};

const gauges: { readonly [N in GaugeName]: MetricEntry } = {
  residency_episodes: entry('Episodes open'),
  residency_learn_clip_fraction: entry(
    'Share of tokens that a bound of the clip decided, last step',
    'bound',
  ),
  residency_learn_clip_scale: entry('What the gradient was multiplied by to clip its norm, last step'),
  residency_learn_entropy_nats: entry('Entropy of the policy per token, last step'),
  residency_learn_gradient_norm: entry('L2 norm of the gradient before clipping, last step'),
  residency_learn_kl_nats: entry('Divergence from the starting policy per token, last step'),
  residency_learn_loss: entry('Loss, last step'),
  residency_learn_old_kl_nats: entry('Divergence from the old policy per token, last step'),
  residency_learn_parameter_norm: entry('L2 norm of the adapter, last step'),
  residency_learning_rate: entry('Learning rate, last step'),
  residency_learn_ratio: entry('Mean probability ratio to the old policy, last step'),
  residency_learn_update_norm: entry('L2 norm of what was added to the adapter, last step'),
  residency_queue_jobs: entry('Queue jobs by state', 'queue', 'state'),
};

/** Every metric that a service may expose. Names and labels are a contract with dashboards, alerts and scalers. */
export const metricCatalogue: Readonly<Record<CounterName | HistogramName | GaugeName, MetricEntry>> = {
  ...counters,
  ...histograms,
  ...gauges,
};

/** From a millisecond to ten minutes: queries and training steps share one scale. */
const SECONDS_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 60, 180, 600];

/** Metrics of one process; each is registered when it is first asked for. */
export class Metrics {
  /** Holds this process's metrics and no others: tests run several services in one process. */
  readonly #registry: Registry = new Registry();

  constructor(service: string) {
    this.#registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.#registry });
  }

  counter(name: CounterName): Counter {
    const found = this.#registry.getSingleMetric(name);
    if (found instanceof Counter) return found;
    const { help, labels } = metricCatalogue[name];
    return new Counter({ name, help, labelNames: labels, registers: [this.#registry] });
  }

  histogram(name: HistogramName): Histogram {
    const found = this.#registry.getSingleMetric(name);
    if (found instanceof Histogram) return found;
    const { help, labels } = metricCatalogue[name];
    return new Histogram({
      name,
      help,
      labelNames: labels,
      buckets: SECONDS_BUCKETS,
      registers: [this.#registry],
    });
  }

  /** `collect`, where given, refreshes the gauge at each scrape; it belongs to the first asker. */
  gauge(name: GaugeName, collect?: (gauge: Gauge) => Promise<void>): Gauge {
    const found = this.#registry.getSingleMetric(name);
    if (found instanceof Gauge) return found;
    const { help, labels } = metricCatalogue[name];
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [this.#registry],
      ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
    });
    return gauge;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The exposition text of all metrics. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
