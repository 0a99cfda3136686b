import type { GradeComponent } from '@residency/rubric';
import { type Html, html } from './markup.js';

/** Colours that a page knows for evidence; components beyond have the last. */
export const COLOURS = 6;

/** The class that a component's evidence has. */
export const colourClass = (component: number): string => `e${Math.min(component, COLOURS - 1)}`;

interface Edge {
  readonly at: number;
  readonly component: number;
  readonly change: 1 | -1;
}

/** Starts and ends of all evidence, cut to the text, in order. */
function edgesOf(length: number, components: readonly GradeComponent[]): Edge[] {
  const edges = components.flatMap(({ spans }, component) =>
    spans.flatMap(({ start, end }): Edge[] => {
      const last = Math.min(end, length);
      if (start >= last) return [];
      return [
        { at: start, component, change: 1 },
        { at: last, component, change: -1 },
      ];
    }),
  );
  return edges.sort((a, b) => a.at - b.at);
}

/**
 * A text with the evidence of its grade marked: the first component that points at a stretch gives the colour, the title
 * names all. Spans may overlap, and reach beyond the text.
 */
export function highlight(text: string, components: readonly GradeComponent[]): Html[] {
  const depths = components.map(() => 0);
  const parts: Html[] = [];
  let from = 0;
  const flush = (to: number): void => {
    if (to <= from) return;
    const piece = text.slice(from, to);
    from = to;
    const open = components.flatMap((_, i) => ((depths[i] ?? 0) > 0 ? [i] : []));
    const [first] = open;
    if (first === undefined) {
      parts.push(html`${piece}`);
      return;
    }
    const names = open.map((i) => components[i]?.name ?? '').join(', ');
    parts.push(html`<mark class="${colourClass(first)}" title="${names}">${piece}</mark>`);
  };
  for (const { at, component, change } of edgesOf(text.length, components)) {
    flush(at);
    depths[component] = (depths[component] ?? 0) + change;
  }
  flush(text.length);
  return parts;
}
