import type { ConfigField } from '@residency/service';

function endpointOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, password, search, hash } = new URL(text);
  const isPlain = username === '' && password === '' && search === '' && hash === '';
  return isPlain && (protocol === 'http:' || protocol === 'https:') ? text.replace(/\/+$/, '') : undefined;
}

/** Base URL of the judging endpoint; null where it is left out: then no model judges. */
export function judgeUrlField(env: string): ConfigField<string | null> {
  const wanted = 'an http:// or https:// URL without credentials, query and fragment';
  // What was found may hold a key in the wrong place.
  return { env, wanted, fallback: null, isSecret: true, parse: endpointOf };
}

/** The models that jobs may ask for, separated by commas; none where it is left out. */
export function judgeModelsField(env: string): ConfigField<readonly string[]> {
  return {
    env,
    wanted: 'names of models separated by commas',
    fallback: [],
    parse: (text) => {
      const names = text.split(',').map((name) => name.trim());
      return names.every((name) => name !== '' && name.length <= 128) ? names : undefined;
    },
  };
}
