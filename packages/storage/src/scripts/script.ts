import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** One Lua script: an atomic transition with named inputs and outputs. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha1: string;
}

export function defineScript(name: string, lua: string): Script {
  return { name, lua, sha1: createHash('sha1').update(lua).digest('hex') };
}

/** Runs a script by its hash, sending its text only where the server does not know it. */
export async function runScript(
  redis: Redis,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(script.sha1, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await redis.eval(script.lua, keys.length, ...keys, ...args);
  }
}
