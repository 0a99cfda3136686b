/** Text that is markup already: made by `html`, so that nothing goes unescaped; by hand of constants alone. */
export interface Html {
  readonly markup: string;
}

/** What a template may hold: texts and numbers are escaped, null is nothing. */
export type HtmlValue = Html | readonly Html[] | string | number | null;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Characters that cannot be seen and some of which reorder what stands around them: controls, marks of direction. */
function isUnseen(code: number): boolean {
  if (code < 0x20) return code !== 0x09 && code !== 0x0a;
  if (code >= 0x7f && code <= 0x9f) return true;
  if (code === 0x61c || code === 0x200e || code === 0x200f || code === 0xfeff) return true;
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/** As it is named: `[U+202E]`. */
const nameOf = (code: number): string => `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;

/**
 * A text that is safe as content of an element and inside a quoted attribute. Characters that would act without being
 * seen stand as their names, a carriage return before a line feed is left out.
 */
export function escapeHtml(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const entity = ESCAPES[text[i] ?? ''];
    const code = text.charCodeAt(i);
    if (entity === undefined && !isUnseen(code)) continue;
    const isLineEnd = code === 0x0d && text.charCodeAt(i + 1) === 0x0a;
    parts.push(text.slice(from, i), entity ?? (isLineEnd ? '' : nameOf(code)));
    from = i + 1;
  }
  parts.push(text.slice(from));
  return parts.join('');
}

function write(value: HtmlValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escapeHtml(value);
  if ('markup' in value) return value.markup;
  return value.map(({ markup }) => markup).join('');
}

/** A template whose values are escaped; attributes that hold values must be quoted. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return {
    markup: parts.map((part, i) => part + write(values[i] ?? null)).join(''),
  };
}
