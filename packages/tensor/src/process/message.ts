/** What travels between a compute process and its owner, by structured clone. */
export type Request =
  | { readonly kind: 'init'; readonly payload: unknown }
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly payload: unknown };

export type Response =
  | { readonly kind: 'result'; readonly id: number; readonly payload: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly code: string | null; readonly message: string };
