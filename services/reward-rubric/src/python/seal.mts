/**
 * The seam between the interpreter and the world. A WebAssembly module can do nothing but call its imports, so that
 * what these answer decides what Python can reach; the rest (hidden modules, Node's permissions, an empty
 * environment) are further fences behind this one.
 */
export interface Seal {
  /** From here on imports answer as the fence says; before, the runtime may set itself up. */
  close(): void;
  /** Starts the stream of random bytes again. */
  rewind(): void;
}

type Answer = (...args: readonly unknown[]) => unknown;
/** What a closed seal answers in place of an import; null lets it through. */
type Fence = (original: Answer) => Answer;

/** `errno` of Emscripten's libc. */
const EACCES = 2;
const O_ACCMODE = 3;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;

const denied: Fence = () => () => -EACCES;
const nothing: Fence = () => () => 0;

/** Files of the interpreter's own library may be read; nothing may be made or changed. */
const readOnlyOpen: Fence =
  (original) =>
  (...args) => {
    const flags = Number(args[2]);
    const writes = (flags & O_ACCMODE) !== 0 || (flags & (O_CREAT | O_TRUNC)) !== 0;
    return writes ? -EACCES : original(...args);
  };

/** System calls that look and change nothing. */
const readingCalls: ReadonlySet<string> = new Set(
  ['fstat64', 'stat64', 'lstat64', 'newfstatat', 'getcwd', 'getdents64', 'faccessat', 'readlinkat'].map(
    (name) => `__syscall_${name}`,
  ),
);

/** Imports by name, where the kind of a name does not say it. */
const fences: Readonly<Record<string, Fence>> = {
  __syscall_openat: readOnlyOpen,
  // Descriptors are asked for their flags when a file of the library is opened.
  __syscall_fcntl64: (original) => original,
  __syscall_ioctl: (original) => original,
  getaddrinfo: () => () => -1,
  getnameinfo: () => () => -1,
  getprotobyname: nothing,
  _emscripten_system: () => () => -1,
  _dlopen_js: nothing,
  _emscripten_dlopen_js: nothing,
  _dlsym_js: nothing,
  _setitimer_js: nothing,
  emscripten_debugger: nothing,
  emscripten_asm_const_int: nothing,
  ffi_call_js: nothing,
  ffi_closure_alloc_js: nothing,
  ffi_prep_closure_loc_js: nothing,
  raw_call_js: nothing,
};

/** Ways from Python to JavaScript's objects: their attributes, calls and constructors. */
const JAVASCRIPT =
  /^(JsProxy_(GetAttr|SetAttr|DelAttr|Dir|GetIter|GetAsyncIter|subscript)_js|JsModule_GetAll_js|JsObjMap_.*|JsvFunction_.*|JsvObject_CallMethod.*|JsvPromise_.*|JsvBuffer_.*|Jsv_GetError_import|_maybe_.*_async|_try_shutdown)$/;

function fenceOf(name: string): Fence | null {
  const own = fences[name];
  if (own !== undefined) return own;
  if (name.startsWith('__syscall_')) return readingCalls.has(name) ? null : denied;
  return JAVASCRIPT.test(name) ? nothing : null;
}

/** Random bytes that are the same in every grade: a multiplicative generator of Lehmer's, modulo 2^31 - 1. */
function createRandom(memory: () => Uint8Array): { fill: Answer; rewind: () => void } {
  const SEED = 20_251_125;
  let state = SEED;
  return {
    fill: (pointer, length) => {
      const bytes = memory();
      for (let at = 0; at < Number(length); at++) {
        state = (state * 48_271) % 2_147_483_647;
        bytes[Number(pointer) + at] = state >>> 8;
      }
      return 0;
    },
    rewind: () => {
      state = SEED;
    },
  };
}

export interface SealOptions {
  /** Bytes that the interpreter's memory may grow to. */
  readonly memoryBytes: number;
  /** The interpreter's memory, as it is now. */
  readonly memory: () => Uint8Array;
}

/** A module's imports, by module and name. */
export type Imports = Readonly<Record<string, Record<string, unknown>>>;

/** Puts the seal around a module's imports, in place. */
export function sealImports(imports: Imports, options: SealOptions): Seal {
  let closed = false;
  const random = createRandom(options.memory);
  const gates: Readonly<Record<string, Fence>> = {
    emscripten_resize_heap:
      (original) =>
      (...args) =>
        Number(args[0]) >>> 0 > options.memoryBytes ? 0 : original(...args),
    random_get: () => random.fill,
  };
  for (const table of Object.values(imports)) {
    for (const [name, value] of Object.entries(table)) {
      if (typeof value !== 'function') continue;
      const fence = gates[name] ?? fenceOf(name);
      if (fence === null) continue;
      // Imports take and give what their names' signatures say; they are only handed on.
      const original = value as Answer;
      const fenced = fence(original);
      table[name] = (...args: readonly unknown[]) => (closed ? fenced(...args) : original(...args));
    }
  }
  return {
    close: () => {
      closed = true;
    },
    rewind: random.rewind,
  };
}
