import type { NamedTensor } from '../safetensors.js';
import { globalNorm } from './norm.js';

/** The part of one group in the gradient of every tensor: `values` from `offset` on. */
type Part = readonly { readonly values: Float32Array; readonly offset: number }[];

/**
 * The gradient of a step: the sum of its groups' gradients, taken in the order of the groups' indices in
 * double precision. It has the same bits whatever runs computed the groups and in whatever order the runs
 * came back: a group is added as soon as all before it are; one that comes early is held until then.
 */
export class GradientSum {
  readonly #names: readonly string[];
  /** Sums over the groups 0 to `#next` - 1. */
  readonly #sums: readonly Float64Array[];
  /** Copies of the groups that came before `#next` was there, by index: never `#next` itself. */
  readonly #held = new Map<number, Part>();
  #next = 0;

  constructor(parameters: readonly NamedTensor[]) {
    this.#sums = parameters.map((p) => new Float64Array(p.data.length));
    this.#names = parameters.map((p) => p.name);
  }

  /**
   * The sums, one per tensor, in the order of the parameters.
   * @throws TypeError where a group is held for one before it that is missing
   */
  get sums(): readonly Float64Array[] {
    if (this.#held.size > 0) {
      throw new TypeError(
        `internal: the gradient of group ${this.#next} is missing, those after it are there`,
      );
    }
    return this.#sums;
  }

  /** Groups in the sum: all with an index below this one. */
  get groups(): number {
    return this.#next;
  }

  /** Groups that came early and wait, each as a copy of its gradient in f32. */
  get held(): number {
    return this.#held.size;
  }

  /** Adds the gradients `grad:<name>`, shaped as the tensor, that a run gave as the next group. */
  addOutputs(outputs: Readonly<Record<string, unknown>>): void {
    this.addGroups(outputs, [this.#next]);
  }

  /**
   * Adds a run of N groups: `grad:<name>` holds one gradient per group, `[N, ...shape]`.
   * @param indices the index of each of the N groups in the step, from 0; a step's indices have no gaps
   * @throws TypeError where a gradient is missing or has another size, or a group comes twice; then nothing
   * was added
   */
  addGroups(outputs: Readonly<Record<string, unknown>>, indices: readonly number[]): void {
    const gradients = this.#gradientsOf(outputs, indices.length);
    const partOf = (row: number): Part =>
      gradients.map((values, k) => ({ values, offset: row * (this.#sums[k]?.length ?? 0) }));
    this.#place(indices.map((index, row) => [index, partOf(row)]));
  }

  /** Says that a group has no gradient, so that those after it need not wait. */
  skipGroup(index: number): void {
    this.#place([[index, null]]);
  }

  /** Global L2 norm; not finite as soon as one gradient is not. */
  norm(): number {
    return globalNorm(this.sums);
  }

  #gradientsOf(outputs: Readonly<Record<string, unknown>>, groups: number): Float32Array[] {
    return this.#sums.map((sum, k) => {
      const name = this.#names[k];
      const gradient = outputs[`grad:${name}`];
      if (gradient instanceof Float32Array && gradient.length === groups * sum.length) return gradient;
      const found = gradient instanceof Float32Array ? `${gradient.length} values` : 'none';
      throw new TypeError(`internal: gradient of ${name}: found ${found}, want ${groups} x ${sum.length}`);
    });
  }

  #place(groups: readonly (readonly [index: number, part: Part | null])[]): void {
    const coming = new Map(groups);
    for (const index of coming.keys()) {
      if (!Number.isInteger(index) || index < this.#next || this.#held.has(index))
        throw new TypeError(`internal: group ${index} is no index or was added before`);
    }
    if (coming.size < groups.length) throw new TypeError('internal: a run has a group twice');
    const ready: Part[] = [];
    let next = this.#next;
    for (; coming.has(next) || this.#held.has(next); next++) {
      ready.push(coming.get(next) ?? this.#held.get(next) ?? []);
      coming.delete(next);
      this.#held.delete(next);
    }
    this.#next = next;
    this.#sums.forEach((sum, k) => {
      for (const part of ready) addPart(sum, part[k]);
    });
    for (const [index, part] of coming) this.#held.set(index, part === null ? [] : this.#copyOf(part));
  }

  /** A copy, so that one group that waits does not keep the outputs of its whole run. */
  #copyOf(part: Part): Part {
    return part.map(({ values, offset }, k) => ({
      values: values.slice(offset, offset + (this.#sums[k]?.length ?? 0)),
      offset: 0,
    }));
  }
}

function addPart(sum: Float64Array, part: Part[number] | undefined): void {
  if (part === undefined) return;
  const { values, offset } = part;
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (values[offset + i] ?? 0);
}
