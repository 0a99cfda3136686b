import { createHash } from 'node:crypto';
import { type Dim, showDim, showShape } from './dim.js';
import { bodyNodes, reachable } from './graph.js';
import { type LoopBody, showAval, type Tensor } from './ir.js';
import type { Program } from './program.js';

function showAttr(value: unknown): string {
  if (Array.isArray(value))
    return value.length > 8 ? `[${value.length} values ${value.join(',')}]` : showShape(value);
  return typeof value === 'number' || (typeof value === 'object' && value !== null && 'key' in value)
    ? showDim(value as Dim)
    : String(value);
}

const isBody = (attrs: object): attrs is LoopBody => 'carriedIn' in attrs;

function lines(nodes: readonly Tensor[], name: (t: Tensor) => string, indent: string): string[] {
  return nodes.flatMap((node) => {
    const attrs: object = node.attrs;
    const shown = isBody(attrs)
      ? ''
      : Object.entries(attrs)
          // What is as it always is would only hide the rest.
          .filter(([k, v]) => typeof v !== 'function' && v !== false && !(k === 'alpha' && v === 1))
          .map(([k, v]) => ` ${k}=${showAttr(v)}`)
          .join('');
    const head = `${indent}${name(node)}:${showAval(node)} = ${node.prim}${node.inputs.map((x) => ` ${name(x)}`).join('')}${shown}`;
    if (!isBody(attrs)) return [head];
    const inner = lines(bodyNodes(attrs, attrs.iteration.trace), name, `${indent}  `);
    const yields = [...attrs.carriedOut, ...attrs.scans].map(name).join(' ');
    return [head, ...inner, `${indent}  while ${name(attrs.proceed)} yield ${yields}`];
  });
}

/** The program as text, one node a line: `%3:f32[32,16] = sigmoid %2`. Names are given late, in order of appearance. */
export function printProgram(program: Program): string {
  const names = new Map<Tensor, string>();
  const name = (t: Tensor): string => {
    const known = names.get(t) ?? `%${names.size}`;
    names.set(t, known);
    return known;
  };
  const outputs = Object.entries(program.outputs);
  const nodes = reachable(outputs.map(([, t]) => t));
  const params = [...program.inputs, ...program.weights];
  const all = [...new Set<Tensor>([...(params as readonly Tensor[]), ...nodes])];
  const body = lines(all, name, '  ');
  const returns = outputs.map(([key, t]) => `${key}=${name(t)}`);
  return [`program ${program.name}`, ...body, `  return ${returns.join(' ')}`, ''].join('\n');
}

/** SHA-256 of the printed program: equal programs compile to equal bytes. */
export const hashProgram = (program: Program): string =>
  createHash('sha256').update(printProgram(program)).digest('hex');
