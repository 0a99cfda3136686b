import {
  addDims,
  type Dim,
  loop,
  mulDims,
  ops,
  type Program,
  subDims,
  sym,
  type Tensor,
  trace,
} from '@residency/tensor';
import { bindParameters, type Trainable } from '../binding.js';
import type { DecoderConfig } from '../config.js';
import {
  attendCausally,
  causalMask,
  embed,
  finishLayer,
  logitsOf,
  type Parameters,
  positionsFrom,
  queryKeyValue,
  rotaryTable,
} from '../decoder.js';

const P = sym('P');
const G = sym('G');
const M = sym('M');
const K = sym('K');
/** Tokens generated so far: grows by one each iteration. */
const T = sym('T');

interface PrefixCache {
  /** Keys and values of the prompt, each [kvHeads, P, d], shared by all samples. */
  readonly keys: readonly Tensor[];
  readonly values: readonly Tensor[];
  /** [1, V]: what the prompt's last token predicts. */
  readonly logits: Tensor;
}

/**
 * Samples G completions of one prompt: one prefill, then a loop that keeps the cache on the device.
 * Inputs: promptIds i64[P]; uniforms f32[M,G], one draw per token and sample; inverseTemperatures f32[G];
 * isGreedy f32[G], 1 takes the most likely token; stopIds i64[K]; maxNewTokens i64[]; the adapter's tensors.
 * Outputs: ids i64[N,G] and logprobs f32[N,G] over the N <= M iterations that ran; rows after a sample's stop id are 0.
 */
export function generateProgram(c: DecoderConfig, trainable: Trainable): Program {
  return trace('generate', (t) => {
    const promptIds = t.input('promptIds', [P], 'i64');
    const uniforms = t.input('uniforms', [M, G]);
    const inverseTemperatures = t.input('inverseTemperatures', [G]);
    const isGreedy = ops.less(0, t.input('isGreedy', [G]));
    const stopIds = t.input('stopIds', [K], 'i64');
    const tripCount = t.input('maxNewTokens', [], 'i64');
    const p = bindParameters(t, c, trainable, true);
    const cache = prefill(c, p, promptIds);
    const promptLength = ops.reshape(positionsFrom(t.trace, P, 1), []);
    const emptyCache = ops.slice(
      ops.expand(ops.constant(t.trace, [0], { shape: [], dtype: 'f32' }), [c.kvHeads, G, 1, c.headDim]),
      {
        axis: 2,
        start: 0,
        end: 0,
      },
    );
    const cacheShape: Dim[] = [c.kvHeads, G, T, c.headDim];
    const done = ops.less(inverseTemperatures, 0);
    const { scans } = loop({
      tripCount,
      initial: [
        ops.expand(cache.logits, [G, c.vocab]),
        done,
        ...new Array<Tensor>(2 * c.layers).fill(emptyCache),
      ],
      carriedShapes: [[G, c.vocab], [G], ...new Array<Dim[]>(2 * c.layers).fill(cacheShape)],
      iterations: sym('N'),
      body: (iteration, carried) => {
        const [logits, isDone, ...kv] = carried;
        if (!logits || !isDone) throw new TypeError('internal: the loop carries logits and flags');
        const drawn = draw(c, logits, ops.gather(uniforms, iteration), inverseTemperatures, isGreedy);
        const token = ops.where(isDone, 0, drawn);
        const isStop = ops.less(0, sumLast(ops.cast(ops.equal(ops.expandDims(token, -1), stopIds), 'f32')));
        const nowDone = ops.or(isDone, isStop);
        const logprob = ops.pick(
          ops.logSoftmax(ops.mul(logits, ops.expandDims(inverseTemperatures, -1))),
          token,
        );
        const next = step(c, p, token, ops.add(promptLength, ops.cast(iteration, 'f32')), cache, kv);
        const anyLeft = ops.less(0, ops.reshape(ops.reduceSum(ops.cast(ops.not(nowDone), 'f32'), [0]), []));
        return {
          carried: [next.logits, nowDone, ...next.kv],
          proceed: anyLeft,
          scans: [token, ops.where(isDone, 0, logprob)],
        };
      },
    });
    const [ids, logprobs] = scans;
    if (!ids || !logprobs) throw new TypeError('internal: the loop scans ids and logprobs');
    return { ids, logprobs };
  });
}

const sumLast = (x: Tensor): Tensor =>
  ops.reshape(ops.reduceSum(x, [x.shape.length - 1]), x.shape.slice(0, -1));

/** Inverse-CDF sampling: the first token whose cumulative probability exceeds u times the total. Greedy rows take the mode. */
function draw(
  c: DecoderConfig,
  logits: Tensor,
  u: Tensor,
  inverseTemperatures: Tensor,
  isGreedy: Tensor,
): Tensor {
  const cdf = ops.cumSum(ops.softmax(ops.mul(logits, ops.expandDims(inverseTemperatures, -1))));
  const total = ops.slice(cdf, { axis: 1, start: c.vocab - 1, end: c.vocab });
  const target = ops.mul(ops.expandDims(u, -1), total);
  const passed = ops.cast(ops.not(ops.less(target, cdf)), 'f32');
  // Rounding may let u times the total reach the total: the last token takes that sliver.
  const sampled = ops.cast(ops.min(sumLast(passed), c.vocab - 1), 'i64');
  return ops.where(isGreedy, ops.argMax(logits), sampled);
}

function prefill(c: DecoderConfig, p: Parameters, promptIds: Tensor): PrefixCache {
  const { trace: t } = promptIds;
  const table = rotaryTable(c, positionsFrom(t, 0, P));
  const mask = causalMask(t, P);
  const keys: Tensor[] = [];
  const values: Tensor[] = [];
  let x = embed(p, promptIds);
  for (let layer = 0; layer < c.layers; layer++) {
    const { q, k, v } = queryKeyValue(c, p, layer, x, table);
    const [key, value] = [ops.transpose(k, [1, 0, 2]), ops.transpose(v, [1, 0, 2])];
    keys.push(key);
    values.push(value);
    x = finishLayer(c, p, layer, x, attendCausally(c, q, key, value, mask, P));
  }
  const last = ops.slice(x, { axis: 0, start: subDims(P, 1), end: P });
  return { keys, values, logits: logitsOf(c, p, last) };
}

/** One token of every sample at one position: attends to [prompt ; own tokens]. */
function step(
  c: DecoderConfig,
  p: Parameters,
  token: Tensor,
  position: Tensor,
  cache: PrefixCache,
  kv: readonly Tensor[],
): { logits: Tensor; kv: Tensor[] } {
  const [H, R, d] = [c.kvHeads, c.heads / c.kvHeads, c.headDim];
  const table = rotaryTable(c, ops.reshape(position, [1]));
  const grown: Tensor[] = [];
  let x = embed(p, token);
  for (let layer = 0; layer < c.layers; layer++) {
    const { q, k, v } = queryKeyValue(c, p, layer, x, table);
    const [pastKeys, pastValues] = [kv[2 * layer], kv[2 * layer + 1]];
    const [keys, values] = [cache.keys[layer], cache.values[layer]];
    if (!pastKeys || !pastValues || !keys || !values) throw new TypeError('internal: a layer has no cache');
    // [G, H, d] -> [H, G, 1, d]
    const asColumn = (t: Tensor): Tensor => ops.expandDims(ops.transpose(t, [1, 0, 2]), 2);
    const ownKeys = ops.concat([pastKeys, asColumn(k)], 2);
    const ownValues = ops.concat([pastValues, asColumn(v)], 2);
    grown.push(ownKeys, ownValues);
    const query = ops.transpose(ops.reshape(q, [G, H, R, d]), [1, 0, 2, 3]);
    const rows = mulDims(G, R);
    const onPrompt = ops.reshape(ops.matmul(ops.reshape(query, [H, rows, d]), ops.swapLast(keys)), [
      H,
      G,
      R,
      P,
    ]);
    const onOwn = ops.matmul(query, ops.swapLast(ownKeys));
    const weights = ops.softmax(ops.concat([onPrompt, onOwn], 3));
    const toPrompt = ops.reshape(ops.slice(weights, { axis: 3, start: 0, end: P }), [H, rows, P]);
    const toOwn = ops.slice(weights, { axis: 3, start: P, end: addDims(P, addDims(T, 1)) });
    const mixed = ops.add(
      ops.reshape(ops.matmul(toPrompt, values), [H, G, R, d]),
      ops.matmul(toOwn, ownValues),
    );
    x = finishLayer(c, p, layer, x, ops.reshape(ops.transpose(mixed, [1, 0, 2, 3]), [G, H * R * d]));
  }
  return { logits: logitsOf(c, p, x), kv: grown };
}
