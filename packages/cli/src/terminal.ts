/** Where a command writes for its user. */
export interface Terminal {
  /** Whether a line can be rewritten in place. */
  readonly isInteractive: boolean;
  /** A line that stays. */
  line(text: string): void;
  /** A line that the next one replaces; nothing where lines cannot be rewritten. */
  status(text: string): void;
}

export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
}

const ERASE_LINE = '\r\u001b[2K';

/** A terminal on a stream, standard output for instance. */
export function createTerminal(stream: OutputStream): Terminal {
  const isInteractive = stream.isTTY === true;
  let hasStatus = false;
  const clear = (): void => {
    if (hasStatus) stream.write(ERASE_LINE);
    hasStatus = false;
  };
  return {
    isInteractive,
    line: (text) => {
      clear();
      stream.write(`${text}\n`);
    },
    status: (text) => {
      if (!isInteractive) return;
      // A line that wraps could not be erased; some terminals do not know their width and say 0.
      stream.write(`${ERASE_LINE}${text.slice(0, (stream.columns || 80) - 1)}`);
      hasStatus = true;
    },
  };
}
