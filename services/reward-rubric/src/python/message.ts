/** What the sandbox is asked: a grader's source and its two arguments as JSON texts. */
export interface PythonTask {
  readonly source: string;
  readonly sample: string;
  readonly item: string;
}

/** What the sandbox answers. */
export type PythonReply =
  /** The interpreter is warm. */
  | { readonly kind: 'ready' }
  /** `grade` gave a finite number. */
  | { readonly kind: 'value'; readonly value: number }
  /** The source or `grade` raised; the detail is the exception on one line. */
  | { readonly kind: 'exception'; readonly detail: string }
  /** `grade` gave something else than a finite number. */
  | { readonly kind: 'not_number'; readonly detail: string }
  /** The interpreter broke: the process ends itself. */
  | { readonly kind: 'broken'; readonly detail: string };
