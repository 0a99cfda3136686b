import { environments } from '@residency/environments';
import { addressField, ConfigError, type ConfigField } from '@residency/service';

/** Addresses of environments by the names that players open them under. */
export type RegisteredEnvironments = ReadonlyMap<string, string>;

const NAME = /^[a-z][a-z0-9-]{0,63}$/;
const NAME_WANTED = 'a lower-case letter and up to 63 more letters, digits and dashes';

/** Entries of the list; the commas of an address of several backends, which begins with its scheme, part none. */
function entriesOf(text: string): string[] {
  const entries: string[] = [];
  for (const piece of text.split(',').map((part) => part.trim())) {
    const last = entries.at(-1);
    const continues = !piece.includes('=') && last !== undefined && /^[^=]*=ipv[46]:/.test(last);
    if (continues) entries[entries.length - 1] = `${last},${piece}`;
    else entries.push(piece);
  }
  return entries;
}

/**
 * Environments that other servers host: `name=address`, separated by commas, each address as `addressField` takes it.
 * What is wrong is said of every entry: a name of another form, one that is built in or given twice, no address.
 */
export function environmentsField(env: string): ConfigField<RegisteredEnvironments> {
  const { parse: parseAddress, wanted: addressWanted } = addressField(env, '');
  const wanted = `name=address, separated by commas, each address ${addressWanted}`;
  return {
    env,
    wanted,
    fallback: new Map(),
    parse: (text) => {
      const found: Map<string, string> = new Map();
      const problems: string[] = [];
      for (const entry of entriesOf(text)) {
        const equals = entry.indexOf('=');
        const name = entry.slice(0, Math.max(0, equals)).trim();
        const address = entry.slice(equals + 1).trim();
        const refuse = (what: string, value: string, want: string) =>
          problems.push(`${env}: found ${what} ${JSON.stringify(value)}, wanted ${want}`);
        if (equals < 0) refuse('entry', entry, 'name=address');
        else if (!NAME.test(name)) refuse('name', name, NAME_WANTED);
        else if (Object.hasOwn(environments, name)) refuse('name', name, 'one that is not built in');
        else if (found.has(name)) refuse('name', name, 'each name once');
        else if (parseAddress(address) === undefined) refuse(`for ${name}`, address, addressWanted);
        else found.set(name, address);
      }
      if (problems.length > 0) throw new ConfigError(problems);
      return found;
    },
  };
}
