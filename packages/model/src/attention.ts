import { addDims, ops, type Shape, type Tensor } from '@residency/tensor';

/** Keys and values that some rows attend to. */
export interface KeyPart {
  /** [...batch, n, d] */
  readonly keys: Tensor;
  readonly values: Tensor;
  /** [...batch, m]: how this part sees the query rows, m of them for each batch of keys. */
  readonly rows: Shape;
  /** Added to the scores [...rows, n] of the whole: 0, or -inf where a row does not see a key. */
  readonly mask: Tensor | null;
}

/** One part's share of the softmax, kept for the backward pass. */
interface Weighed {
  readonly part: KeyPart;
  readonly count: Tensor['shape'][number];
  /** [...part.rows, n] */
  readonly weights: Tensor;
}

/**
 * Attention of query rows q [...rows, d] over all keys of all parts, as one softmax: [...rows, d]. A part's keys are read in
 * place by every row that its shape gives them, so that a prefix is never repeated (Prefix Grouper, arXiv 2506.05433).
 *
 * The derivative is written out. With P the weights and o the result, dS = P (dP - sum(do o)): the row sums of P dP are
 * those of do o (Dao et al. 2022, appendix B), d wide instead of n.
 */
export function attend(q: Tensor, parts: readonly KeyPart[], scale: number): Tensor {
  const rows = q.shape.slice(0, -1);
  const d = q.shape.at(-1) ?? 1;
  const seenBy = (x: Tensor, part: KeyPart): Tensor => ops.reshape(x, [...part.rows, x.shape.at(-1) ?? 1]);
  const scores = parts.map((part) => {
    const count = part.keys.shape.at(-2) ?? 1;
    const product = ops.matmul(seenBy(q, part), ops.swapLast(part.keys), { alpha: scale });
    const whole = ops.reshape(product, [...rows, count]);
    return part.mask ? ops.add(whole, part.mask) : whole;
  });
  const all = ops.softmax(ops.concat(scores, rows.length));
  const weighed = split(all, parts, rows);
  const mixed = weighed.map(({ part, weights }) =>
    ops.reshape(ops.matmul(weights, part.values), [...rows, d]),
  );
  const out = mixed.reduce((sum, x) => ops.add(sum, x));
  const inputs = [q, ...parts.flatMap((part) => [part.keys, part.values])];
  return ops.define('attend', out, inputs, (ct) => {
    const along = ops.reduceSum(ops.mul(ct, out), [rows.length]);
    const each = weighed.map(({ part, weights, count }) => {
      const dOut = seenBy(ct, part);
      const dWeights = ops.reshape(ops.matmul(dOut, ops.swapLast(part.values)), [...rows, count]);
      const ofRows = ops.reshape(weights, [...rows, count]);
      const dScores = ops.reshape(ops.mul(ofRows, ops.sub(dWeights, along)), weights.shape);
      return {
        q: ops.reshape(ops.matmul(dScores, part.keys, { alpha: scale }), q.shape),
        keys: ops.matmul(ops.swapLast(dScores), seenBy(q, part), { alpha: scale }),
        values: ops.matmul(ops.swapLast(weights), dOut),
      };
    });
    const dq = each.map((g) => g.q).reduce((sum, x) => ops.add(sum, x));
    return [dq, ...each.flatMap((g) => [g.keys, g.values])];
  });
}

function split(all: Tensor, parts: readonly KeyPart[], rows: Shape): Weighed[] {
  const axis = rows.length;
  let start: Tensor['shape'][number] = 0;
  return parts.map((part) => {
    const count = part.keys.shape.at(-2) ?? 1;
    const end = addDims(start, count);
    const own = ops.slice(all, { axis, start, end });
    start = end;
    return { part, count, weights: ops.reshape(own, [...part.rows, count]) };
  });
}
