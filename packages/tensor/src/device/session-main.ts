import { createLocalRunner } from '../runner/local.js';
import { compile } from '../session.js';
import { parseDevice } from './device.js';
import { PROBE_INPUTS, probeProgram } from './session-probe.js';

/** Prints the probe's product as a JSON line; the reason of a failure goes to stderr, where libraries write theirs. */
async function main(text: string): Promise<number> {
  const device = parseDevice(text);
  if (device.kind === 'auto') throw new TypeError('internal: the probe is for one device');
  const runner = createLocalRunner();
  try {
    const session = await compile(probeProgram(), { runner, threads: 1, device });
    const { product } = await session.run(
      {},
      { a: Float32Array.from(PROBE_INPUTS.a), b: Float32Array.from(PROBE_INPUTS.b) },
    );
    process.stdout.write(`${JSON.stringify({ product: Array.from(product ?? [], Number) })}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`failed: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await runner.close();
  }
}

process.exitCode = await main(process.argv[2] ?? '');
