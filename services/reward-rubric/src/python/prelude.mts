/** Modules that graders use, loaded before the snapshot: a grade then need not. */
const WARM = [
  'bisect collections copy csv dataclasses datetime decimal difflib enum fractions functools hashlib heapq html',
  'itertools json math operator random re statistics string textwrap typing unicodedata',
].flatMap((line) => line.split(' '));

/** Modules that lead out of the interpreter: importing one fails as if it did not exist. */
const HIDDEN = [
  'js pyodide pyodide_js _pyodide _pyodide_core micropip ctypes _ctypes socket _socket ssl _ssl select subprocess',
  '_posixsubprocess multiprocessing threading_hooks fcntl mmap termios gc _testcapi _testinternalcapi _xxtestfuzz',
  '_testlimitedcapi _testclinic _testclinic_limited _testbuffer _remote_debugging faulthandler asyncio _asyncio',
  'urllib.request http.client http.server ftplib smtplib imaplib poplib xmlrpc webbrowser',
].flatMap((line) => line.split(' '));

/** Characters of an exception that are told. */
const MAX_DETAIL = 400;

/**
 * What the interpreter runs before its snapshot: hides modules, and defines `_load(source)` and
 * `_grade(sample, item)`, which answer a JSON text and never raise.
 */
export const PRELUDE: string = `
import builtins, importlib, json, sys
for _name in ${JSON.stringify(WARM)}:
    importlib.import_module(_name)

def _seal(hidden):
    def is_hidden(name):
        return any(name == one or name.startswith(one + '.') for one in hidden)
    class Hidden:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if is_hidden(name):
                raise ModuleNotFoundError(f'{name} is not available to graders', name=name)
            return None
    for name in [name for name in sys.modules if is_hidden(name)]:
        del sys.modules[name]
    sys.meta_path[:] = [Hidden] + [f for f in sys.meta_path if type(f).__name__ not in ('JsFinder', 'WindowsToLinuxPathFinder')]
    sys.path_hooks[:] = [h for h in sys.path_hooks if 'js' not in getattr(h, '__module__', '').lower()]
    sys.modules['os'].environ.clear()
    # What the runtime keeps for itself, seen from the main module.
    main = sys.modules['__main__'].__dict__
    for name in [name for name in main if not name.startswith('__')]:
        del main[name]

def _make(builtins, json_loads, json_dumps, isfinite, max_detail):
    state = {}
    def told(error):
        text = f'{type(error).__name__}: {error}' if str(error) else type(error).__name__
        return ' '.join(text.split())[:max_detail]
    def fail(error):
        try:
            return json_dumps({'kind': 'exception', 'detail': told(error)})
        except BaseException:
            return '{"kind":"exception","detail":"an exception that cannot be shown"}'
    def load(source):
        try:
            names = {'__name__': 'grader', '__builtins__': builtins}
            exec(compile(source, 'grader.py', 'exec'), names)
            grade = names.get('grade')
            if not callable(grade):
                return json_dumps({'kind': 'exception', 'detail': 'NameError: the source defines no function grade'})
            state['grade'] = grade
            return ''
        except BaseException as error:
            return fail(error)
    def grade(sample, item):
        try:
            value = state['grade'](json_loads(sample), json_loads(item))
            kind = type(value)
            if kind not in (bool, int, float):
                return json_dumps({'kind': 'not_number', 'detail': f'grade gave a {kind.__name__}'[:max_detail]})
            try:
                number = float(value)
            except OverflowError:
                number = float('inf')
            if not isfinite(number):
                return json_dumps({'kind': 'not_number', 'detail': f'grade gave {number}'})
            return json_dumps({'kind': 'value', 'value': number})
        except BaseException as error:
            return fail(error)
    return load, grade

import math
_load, _grade = _make(builtins, json.loads, json.dumps, math.isfinite, ${MAX_DETAIL})
`;

/** Run last, when `_load` and `_grade` are held from outside. */
export const HIDE: string = `_seal(${JSON.stringify(HIDDEN)})`;
