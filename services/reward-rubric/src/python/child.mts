// Process of one Python sandbox: started with the permission model, an empty environment and an IPC channel.
import { constants } from 'node:fs';
import type { loadPyodide as LoadPyodide } from 'pyodide';
import type { PythonReply, PythonTask } from './message.js';
import { HIDE, PRELUDE } from './prelude.mjs';
import { type Imports, type Seal, sealImports } from './seal.mjs';

/** The part of the runtime's own objects that a snapshot needs. */
interface Runtime {
  readonly HEAPU8: Uint8Array;
  /** Where the end of the allocated memory is kept, 32 bits; it only ever rises. */
  _emscripten_get_sbrk_ptr(): number;
  readonly FS: { readonly streams: (object | null | undefined)[]; closeStream(descriptor: number): void };
}

const [entry = '', memoryMb = ''] = process.argv.slice(2);
const send = process.send?.bind(process);
if (send === undefined) throw new Error('internal: a sandbox must be started with an IPC channel');
const exit = process.exit.bind(process);
const onMessage = process.on.bind(process, 'message');

// The permission model forbids the call by which the runtime reads the constants of open().
Object.defineProperty(process, 'binding', { value: () => ({ fs: constants }) });

let runtime: Runtime | undefined;
let seal: Seal | undefined;
const memory = (): Uint8Array => runtime?.HEAPU8 ?? new Uint8Array();
// Node has it; the types of the language alone do not.
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: { instantiate: (module: object, imports?: Imports) => Promise<unknown> };
};
const { instantiate } = WebAssembly;
Object.defineProperty(WebAssembly, 'instantiate', {
  writable: true,
  value: (module: object, imports: Imports = {}) => {
    // The interpreter comes first and is the only module with an `env` of this size; helpers have a few imports.
    if (seal === undefined && Object.keys(imports['env'] ?? {}).length > 200) {
      seal = sealImports(imports, { memoryBytes: Number(memoryMb) * 2 ** 20, memory });
    }
    return instantiate(module, imports);
  },
});

// The path is this service's own dependency, resolved by the parent.
const { loadPyodide } = (await import(entry)) as { readonly loadPyodide: typeof LoadPyodide };
const python = await loadPyodide({
  jsglobals: Object.create(null),
  env: { HOME: '/', PYTHONHASHSEED: '0' },
  stdin: () => null,
  stdout: () => undefined,
  stderr: () => undefined,
});
python.setStdout({ write: (bytes) => bytes.length });
python.setStderr({ write: (bytes) => bytes.length });
// Not part of the published types; the version is pinned.
const inner = (python as unknown as { readonly _module: Runtime })._module;
runtime = inner;
python.runPython(PRELUDE);
const load: (source: string) => string = python.globals.get('_load');
const grade: (sample: string, item: string) => string = python.globals.get('_grade');
python.runPython(HIDE);

// Nothing below needs them, and Python must not find them should it ever reach JavaScript.
for (const name of ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'require', 'process', 'Buffer']) {
  Object.defineProperty(globalThis, name, { value: undefined });
}
seal?.close();

/** The interpreter's whole memory: all of its state, since between two calls its stack is empty. */
type Snapshot = Uint8Array;

const allocatedAt = inner._emscripten_get_sbrk_ptr();
const allocated = (): number => new DataView(memory().buffer).getUint32(allocatedAt, true);
const openAtStart = inner.FS.streams.length;

function restore(snapshot: Snapshot): void {
  const now = memory();
  const end = allocated();
  now.set(snapshot);
  // Memory never shrinks: what was added must not be found by the next grade.
  now.fill(0, snapshot.length, Math.max(end, snapshot.length));
  for (let descriptor = openAtStart; descriptor < inner.FS.streams.length; descriptor++) {
    if (inner.FS.streams[descriptor]) inner.FS.closeStream(descriptor);
  }
  seal?.rewind();
}

const pristine: Snapshot = memory().slice();
/** The interpreter with a source loaded, or why it does not load. */
let loaded: { readonly source: string; readonly snapshot: Snapshot; readonly problem: string } | undefined;

function answer({ source, sample, item }: PythonTask): string {
  if (loaded?.source !== source) {
    loaded = undefined;
    restore(pristine);
    const problem = load(source);
    const snapshot = problem === '' ? memory().slice(0, Math.max(allocated(), pristine.length)) : pristine;
    loaded = { source, snapshot, problem };
  }
  if (loaded.problem !== '') return loaded.problem;
  restore(loaded.snapshot);
  return grade(sample, item);
}

function reply(task: PythonTask): PythonReply {
  try {
    // The prelude writes these texts.
    return JSON.parse(answer(task)) as PythonReply;
  } catch (error) {
    return { kind: 'broken', detail: error instanceof Error ? error.message : String(error) };
  }
}

onMessage((task: PythonTask) => {
  const told = reply(task);
  send(told, undefined, undefined, () => {
    if (told.kind === 'broken') exit(1);
  });
});
send({ kind: 'ready' } satisfies PythonReply);
