import { templateOf } from './fields.js';
import type { JudgeMessage, LabelModelSpec, SamplingParams, ScoreModelSpec } from './model-specs.js';
import type { Scope, ScopeFailure } from './scope.js';
import { render } from './template.js';

/** Body of a POST to an endpoint's /chat/completions. */
export type ChatRequest = Readonly<Record<string, unknown>>;

export type BuiltRequest = { readonly ok: true; readonly body: ChatRequest } | ScopeFailure;

const steps = {
  type: 'array',
  items: {
    type: 'object',
    properties: { description: { type: 'string' }, conclusion: { type: 'string' } },
    required: ['description', 'conclusion'],
    additionalProperties: false,
  },
};

/** Forces the answer into a JSON object: the steps first, so that the result rests on them. */
function responseFormat(name: string, result: object): object {
  const schema = {
    type: 'object',
    properties: { steps, result },
    required: ['steps', 'result'],
    additionalProperties: false,
  };
  return { type: 'json_schema', json_schema: { name, strict: true, schema } };
}

function messagesOf(
  input: readonly JudgeMessage[],
  scope: Scope,
): { ok: true; messages: object[] } | ScopeFailure {
  const messages: object[] = [];
  for (const { role, texts } of input) {
    const parts: { type: 'text'; text: string }[] = [];
    for (const text of texts) {
      const rendered = render(templateOf(text), scope);
      if (!rendered.ok) return rendered;
      parts.push({ type: 'text', text: rendered.text });
    }
    const [only] = parts;
    // Endpoints that know no parts take a plain text.
    messages.push({ role, content: parts.length === 1 && only !== undefined ? only.text : parts });
  }
  return { ok: true, messages };
}

/** Settings that are given; chat completions call the limit by another name than graders do. */
function samplingFields(params: SamplingParams): Record<string, unknown> {
  const { max_completions_tokens: limit, ...rest } = params;
  const fields = { ...rest, max_completion_tokens: limit };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** The request of a score_model grader: the answer is `{steps, result: number}`. */
export function scoreRequest(spec: ScoreModelSpec, scope: Scope): BuiltRequest {
  const built = messagesOf(spec.input, scope);
  if (!built.ok) return built;
  return {
    ok: true,
    body: {
      model: spec.model,
      messages: built.messages,
      ...samplingFields(spec.sampling_params),
      response_format: responseFormat('score', { type: 'number' }),
    },
  };
}

/** The request of a label_model grader: the answer is `{steps, result: one of the labels}`. */
export function labelRequest(spec: LabelModelSpec, scope: Scope): BuiltRequest {
  const built = messagesOf(spec.input, scope);
  if (!built.ok) return built;
  return {
    ok: true,
    body: {
      model: spec.model,
      messages: built.messages,
      temperature: 0,
      response_format: responseFormat('label', { type: 'string', enum: spec.labels }),
    },
  };
}
