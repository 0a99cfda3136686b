/** One line of the command's output. */
export interface GpuRecord {
  /** What was checked, or what was measured: one of the two. */
  readonly check?: string;
  readonly bench?: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** What the GPU gave; `again` instead where the tested device is the processor. */
  readonly cuda?: Readonly<Record<string, unknown>>;
  readonly again?: Readonly<Record<string, unknown>>;
  readonly cpu?: Readonly<Record<string, unknown>>;
  readonly peer?: Readonly<Record<string, unknown>>;
  readonly difference?: Readonly<Record<string, unknown>>;
  readonly ok: boolean;
}

/** The key under which the tested device's results stand. */
export const testedKey = (device: string): 'cuda' | 'again' => (device.startsWith('cuda') ? 'cuda' : 'again');

/** Prints a record as a JSON line, keys in the order of the type, and remembers whether all were fine. */
export class Records {
  /** Names of the records that were not. */
  readonly failures: string[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add({ check, bench, config, cuda, again, cpu, peer, difference, ok }: GpuRecord): void {
    this.#count++;
    const line = { check, bench, config, cuda, again, cpu, peer, difference, ok };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    if (!ok) this.failures.push(check ?? bench ?? 'record');
  }
}
