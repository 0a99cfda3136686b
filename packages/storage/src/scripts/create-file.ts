import { defineScript, type Script } from './script.js';

/** Registers a file once. */
export const createFileScript: Script = defineScript(
  'create-file',
  `--[[
  Registers a file and its place in the list; a second registration of the same id changes nothing.

  KEYS 1 file hash   2 list of files (sorted set by sequence)   3 sequence counter
  ARGV 1 file id     2 fields as JSON object of strings

  returns 'created' or 'exists'
]]
if redis.call('EXISTS', KEYS[1]) == 1 then return 'exists' end
for name, value in pairs(cjson.decode(ARGV[2])) do redis.call('HSET', KEYS[1], name, value) end
redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[3]), ARGV[1])
return 'created'
`,
);
