import { PythonSandboxes } from '@residency/service-reward-rubric';
import { afterAll, describe, expect, it } from 'vitest';

const never = new AbortController().signal;
const sandboxes = new PythonSandboxes({ size: 1, timeoutMs: 60_000, memoryMb: 128 });
afterAll(() => sandboxes.close());

/** The source of `grade` with this body. */
const graded = (...lines: string[]): string =>
  `def grade(sample, item):\n${lines.map((line) => `    ${line}`).join('\n')}\n`;

const run = (source: string, sample: unknown = { output_text: 'fever' }, item: unknown = { dose: 2.5 }) =>
  sandboxes.run({ source, sample: JSON.stringify(sample), item: JSON.stringify(item) }, never);

/** Takes down what hides modules, as a source could that knows of it. */
const UNHIDE = [
  'import sys',
  'sys.meta_path[:] = [f for f in sys.meta_path if getattr(f, "__name__", "") != "Hidden"]',
];

describe('a Python grader', () => {
  it.each([
    ['a float', graded('return 0.25'), 0.25],
    ['an int', graded('return 3'), 3],
    ['a bool', graded('return item["dose"] == 2.5'), 1],
    ['what it makes of the sample', graded('return len(sample["output_text"]) * item["dose"]'), 12.5],
    ['a negative number', graded('return -1e300'), -1e300],
    [
      'what a helper gives',
      'import re\nPATTERN = re.compile("fe.er")\n' +
        graded('return 1.0 if PATTERN.match(sample["output_text"]) else 0.0'),
      1,
    ],
  ])('gives %s', async (_, source, value) => {
    expect(await run(source)).toEqual({ ok: true, value });
  });

  it('sees texts of any characters as they are', async () => {
    const text = 'Fieber 39 °C 🌡 "quoted" \\ \n\u0000\ud800';

    const outcome = await run(
      graded('return [ord(c) for c in sample["output_text"]] == item'),
      { output_text: text },
      Array.from(text, (char) => char.codePointAt(0)),
    );

    expect(outcome).toEqual({ ok: true, value: 1 });
  });

  it.each([
    ['raises', graded('raise ValueError("no\\ndose")'), 'python_exception', 'ValueError: no dose'],
    ['exits', graded('raise SystemExit(3)'), 'python_exception', 'SystemExit: 3'],
    ['does not parse', 'def grade(:', 'python_exception', 'SyntaxError'],
    [
      'raises while loading',
      '1/0\ndef grade(sample, item): return 1',
      'python_exception',
      'ZeroDivisionError',
    ],
    ['defines no function', 'grade = 1', 'python_exception', 'defines no function grade'],
    ['recurses without end', graded('return grade(sample, item)'), 'python_exception', 'RecursionError'],
    ['gives a text', graded('return "1.0"'), 'python_not_number', 'grade gave a str'],
    ['gives nothing', graded('pass'), 'python_not_number', 'grade gave a NoneType'],
    ['gives no finite number', graded('return float("nan")'), 'python_not_number', 'grade gave nan'],
    ['gives a number of any size', graded('return 10 ** 400'), 'python_not_number', 'grade gave inf'],
    ['fills the memory at once', graded('return len(bytearray(10 ** 9))'), 'python_exception', 'MemoryError'],
    [
      'fills the memory bit by bit',
      graded('x = []', 'while True: x.append("a" * 1000000)'),
      'python_exception',
      'MemoryError',
    ],
    ['raises without end', graded('raise ValueError("x" * 1000000)'), 'python_exception', 'ValueError: xxx'],
  ])('that %s costs its sample a reason', async (_, source, code, detail) => {
    const outcome = await run(source);

    expect(outcome).toMatchObject({ ok: false, code, detail: expect.stringContaining(detail) });
    expect(JSON.stringify(outcome).length).toBeLessThan(600);
  });

  it.each([
    ['sockets', ['import socket', 'return 1']],
    ['the JavaScript around it', ['import js', 'return 1']],
    ['the runtime', ['import pyodide_js', 'return 1']],
    ['JavaScript to run', ['from pyodide.code import run_js', 'return 1']],
    ['packages to load', ['import micropip', 'return 1']],
    ['machine code', ['import ctypes', 'return 1']],
    ['processes', ['import subprocess', 'return 1']],
    ['other ways to the network', ['import urllib.request', 'return 1']],
    ['files of the machine', ['return len(open("/etc/passwd").read())']],
    ['files to write', ['open("/tmp/note", "w").write("x")', 'return 1']],
    ['folders to make', ['import os', 'os.mkdir("/tmp/notes")', 'return 1']],
    ['forks', ['import os', 'return os.fork()']],
    ['programs', ['import os', 'os.execv("/bin/sh", ["sh"])', 'return 1']],
    [
      'sockets that are found again',
      [...UNHIDE, 'import socket', 'socket.create_connection(("127.0.0.1", 9))', 'return 1'],
    ],
    [
      'JavaScript that is found again',
      [...UNHIDE, 'import pyodide.code', 'pyodide.code.run_js("1")', 'return 1'],
    ],
  ])('does not get at %s', async (_, lines) => {
    expect(await run(graded(...lines))).toMatchObject({ ok: false, code: 'python_exception' });
  });

  it('has no environment, no shell and no file of the machine to read', async () => {
    const source = graded(
      'import os',
      'return len(os.environ) + (os.system("true") == 0) + sum(os.path.exists(p) for p in ("/etc", "/usr/bin", "/root"))',
    );

    expect(await run(source)).toEqual({ ok: true, value: 0 });
  });

  it('reaches no JavaScript function through what the interpreter holds', async () => {
    const source = graded(
      ...UNHIDE,
      'import gc',
      'found = [o for o in gc.get_objects() if type(o).__name__ == "JsProxy"]',
      'reached = 0',
      'for proxy in found:',
      '    try:',
      '        reached += getattr(proxy, "constructor") is not None',
      '    except BaseException: pass',
      'return reached',
    );

    const outcome = await run(source);

    // It may break the interpreter, which is then replaced; it must not get through.
    if (outcome.ok) expect(outcome.value).toBe(0);
    else expect(['python_crashed', 'python_exception']).toContain(outcome.code);
  });

  it('may print as much as it likes: nobody reads it', async () => {
    expect(await run(graded('print("x" * 20000000)', 'return 1'))).toEqual({ ok: true, value: 1 });
  });

  it('finds nothing that an earlier grade left behind, whoever asked for it', async () => {
    const leave = graded(
      'import builtins, json, sys, random',
      'builtins.len = lambda x: 42',
      'json.loads = None',
      'sys.leak = sample',
      'random.seed(7)',
      'global calls',
      'calls = globals().get("calls", 0) + 1',
      'return calls',
    );
    const look = graded(
      'import sys, json',
      'json.loads("1")',
      'return len("abc") + 100 * hasattr(sys, "leak")',
    );
    const draw = graded('import os, random', 'return random.random() + os.urandom(1)[0]');

    const before = await run(draw);
    const outcomes = [await run(leave), await run(leave), await run(look)];

    expect(outcomes).toEqual([
      { ok: true, value: 1 },
      { ok: true, value: 1 },
      { ok: true, value: 3 },
    ]);
    expect(await run(draw)).toEqual(before);
  });

  it('finds nothing in memory that an earlier grade had grown into', async () => {
    const secret = graded('global x', 'x = b"SECRETSECRET" * 4000000', 'return 1');
    const search = graded('x = bytearray(90000000)', 'return x.count(b"SECRET")');

    expect(await run(secret)).toEqual({ ok: true, value: 1 });
    expect(await run(search)).toEqual({ ok: true, value: 0 });
  });

  it('that loops is killed at its deadline, one that breaks the interpreter is replaced; others are graded', async () => {
    const quick = new PythonSandboxes({ size: 1, timeoutMs: 2_000, memoryMb: 128 });
    const grade = (source: string) => quick.run({ source, sample: '{}', item: '{}' }, never);
    const broken = graded(
      'import sys',
      'sys.setrecursionlimit(10 ** 9)',
      'def f(n): return f(n + 1) + 1',
      'return f(0)',
    );

    const outcomes = [
      await grade(graded('while True: pass')),
      await grade(graded('return 1')),
      await grade(graded('import re', 'return bool(re.match("(a+)+$", "a" * 64 + "b"))')),
      await grade(broken),
      await grade(graded('return 2')),
    ];
    await quick.close();

    expect(outcomes).toMatchObject([
      { ok: false, code: 'python_deadline', detail: 'not graded within 2000 ms' },
      { ok: true, value: 1 },
      { ok: false, code: 'python_deadline' },
      { ok: false, code: 'python_crashed' },
      { ok: true, value: 2 },
    ]);
  });

  it('is killed when its caller gives up', async () => {
    const pool = new PythonSandboxes({ size: 1, timeoutMs: 60_000, memoryMb: 128 });
    const giveUp = new AbortController();
    // Warm first, so that the call below is at work when it is given up.
    await pool.run({ source: graded('return 1'), sample: '{}', item: '{}' }, never);

    const looping = pool.run({ source: graded('while True: pass'), sample: '{}', item: '{}' }, giveUp.signal);
    await new Promise((resolve) => setImmediate(resolve));
    giveUp.abort(new Error('the run was cancelled'));

    await expect(looping).rejects.toThrow('the run was cancelled');
    await pool.close();
  });
});
