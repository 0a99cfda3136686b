import { Metrics, metricCatalogue } from '@residency/service';
import { describe, expect, it } from 'vitest';

describe('the metric catalogue', () => {
  it('keeps its names and labels, which dashboards and scalers depend on', () => {
    const contract = Object.entries(metricCatalogue).map(
      ([name, { labels }]) => `${name}{${labels.join(',')}}`,
    );

    expect(contract.sort()).toMatchInlineSnapshot(`
      [
        "residency_advantage_groups_total{}",
        "residency_episodes_total{outcome}",
        "residency_episodes{}",
        "residency_grade_seconds{}",
        "residency_grades_total{outcome}",
        "residency_grpc_errors_total{method,code}",
        "residency_http_request_seconds{method,route}",
        "residency_http_requests_total{method,route,status}",
        "residency_jobs_total{status}",
        "residency_judge_tokens_total{model,kind}",
        "residency_learn_clip_fraction{bound}",
        "residency_learn_clip_scale{}",
        "residency_learn_entropy_nats{}",
        "residency_learn_gradient_norm{}",
        "residency_learn_kl_nats{}",
        "residency_learn_loss{}",
        "residency_learn_old_kl_nats{}",
        "residency_learn_parameter_norm{}",
        "residency_learn_ratio{}",
        "residency_learn_seconds{}",
        "residency_learn_tokens_total{}",
        "residency_learn_update_norm{}",
        "residency_learning_rate{}",
        "residency_policy_bytes_total{}",
        "residency_queue_job_seconds{queue}",
        "residency_queue_jobs_total{queue,outcome}",
        "residency_queue_jobs{queue,state}",
        "residency_sample_seconds{}",
        "residency_sampled_tokens_total{}",
        "residency_units_total{phase}",
      ]
    `);
  });

  it('names every metric by noun and unit', () => {
    for (const name of Object.keys(metricCatalogue)) expect(name).toMatch(/^residency_[a-z_]+$/);
  });
});

describe('Metrics', () => {
  it('exposes what was asked for, with the service as a label', async () => {
    const metrics = new Metrics('learner');
    metrics.counter('residency_grades_total').inc({ outcome: 'graded' }, 3);
    metrics.counter('residency_grades_total').inc({ outcome: 'graded' });
    metrics.histogram('residency_learn_seconds').observe(2);
    metrics.gauge('residency_episodes', async (gauge) => gauge.set(5));

    const text = await metrics.text();

    expect(text).toContain('residency_grades_total{outcome="graded",service="learner"} 4');
    expect(text).toContain('residency_learn_seconds_bucket{le="2.5",service="learner"} 1');
    expect(text).toContain('residency_episodes{service="learner"} 5');
    expect(text).toMatch(/process_cpu_seconds_total\{service="learner"\}|process_cpu_seconds_total /);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('keeps the metrics of two services of one process apart', async () => {
    const first = new Metrics('gateway');
    const second = new Metrics('learner');
    first.counter('residency_jobs_total').inc({ status: 'failed' });

    expect(await second.text()).not.toContain('residency_jobs_total');
  });
});
