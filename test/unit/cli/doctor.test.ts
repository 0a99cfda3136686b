import { diagnose, doctor, formatDiagnosis } from '@residency/cli';
import { describe, expect, test } from 'vitest';
import { done, machineDouble } from '../tensor/device/machine-double.js';

const broken = machineDouble({ versions: ['1.29.0'] });

describe('diagnose', () => {
  test('judges the device that was asked for', async () => {
    const cuda = { kind: 'cuda', index: 0 } as const;

    expect(await diagnose(cuda, machineDouble())).toMatchObject({ asked: 'cuda:0', ok: true });
    expect(await diagnose(cuda, broken)).toMatchObject({ asked: 'cuda:0', ok: false });
    expect(await diagnose({ kind: 'cpu' }, broken)).toMatchObject({ asked: 'cpu', ok: true });
    expect(await diagnose({ kind: 'auto' }, broken)).toMatchObject({ asked: 'auto', ok: true });
  });

  test('looks at the GPU of the index that was asked for', async () => {
    const { devices } = await diagnose({ kind: 'cuda', index: 3 }, machineDouble());

    expect(devices.map(({ device }) => device)).toEqual(['cpu', 'cuda:3']);
    expect(devices[1]?.checks[0]).toMatchObject({ name: 'driver', ok: false });
  });

  test('tells the processor, its threads and ONNX Runtime', async () => {
    const { processor } = await diagnose({ kind: 'cpu' }, machineDouble());

    expect(processor).toMatchObject({ threads: 1, onnxRuntime: '1.30.0' });
    expect(processor.cores).toBeGreaterThan(0);
  });

  test('ends with what auto would take', async () => {
    const lines = async (machine = machineDouble()): Promise<string | undefined> =>
      formatDiagnosis(await diagnose({ kind: 'auto' }, machine)).at(-1);

    expect(await lines()).toBe('auto: cuda:0');
    expect(await lines(broken)).toBe('auto: cpu');
    expect(await lines(machineDouble({ session: done('', 'Killed', null) }))).toBe(
      'auto: no device is usable',
    );
  });
});

describe('residency doctor', () => {
  const run = async (...args: string[]): Promise<{ code: number; lines: string[] }> => {
    const lines: string[] = [];
    const { signal } = new AbortController();
    const terminal = {
      isInteractive: false,
      line: (text: string) => lines.push(text),
      status: () => undefined,
    };
    const code = await doctor.run(args, { terminal, env: {}, signal, hurry: signal });
    return { code, lines };
  };

  test('exits with 0 for the processor of this machine', async () => {
    const { code, lines } = await run('--device', 'cpu', '--json');

    expect(code).toBe(0);
    expect(JSON.parse(lines.join(''))).toMatchObject({ asked: 'cpu', ok: true });
  });

  test('exits with 1 for a GPU that no machine has, and says what to do', async () => {
    const { code, lines } = await run('--device', 'cuda:999');

    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('cuda:999: not usable');
    expect(lines.join('\n')).toMatch(/FAIL {2}driver[\s\S]*do: /);
  });

  test('refuses what is no device', async () => {
    await expect(run('--device', 'gpu')).rejects.toMatchObject({
      code: 'CLI_USAGE',
      message: '--device is "gpu", want auto, cpu, cuda or cuda:N',
    });
  });
});
