import { defineScript, type Script } from './script.js';

/** Commits one unit of work of a run: groups consumed, policy version, metrics and event in one transition. */
export const commitUnitScript: Script = defineScript(
  'commit-unit',
  `--[[
  Commits the unit at a position of a run exactly once.

  KEYS 1 job hash   2 the unit's ledger hash   3 events list   4 list of step rows
  ARGV 1 position of the unit, from 0                    2 fields as JSON object of strings
       3 tokens to add to trained_tokens                 4 step row JSON, '' for none
       5 event JSON                                      6 SHA-256 of the archived ledger
       7 seconds that the emptied ledger is remembered

  returns 'committed', 'already-committed', 'not-running' (ended or cancelled meanwhile),
          'out-of-order' (an earlier unit is not committed) or 'missing'
]]
local job = redis.call('HMGET', KEYS[1], 'status', 'position')
if not job[1] then return 'missing' end
local position = tonumber(job[2])
local unit = tonumber(ARGV[1])
if position > unit then return 'already-committed' end
if job[1] ~= 'running' then return 'not-running' end
if position < unit then return 'out-of-order' end
for name, value in pairs(cjson.decode(ARGV[2])) do redis.call('HSET', KEYS[1], name, value) end
redis.call('HSET', KEYS[1], 'position', unit + 1)
redis.call('HINCRBY', KEYS[1], 'trained_tokens', ARGV[3])
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'consumed', ARGV[6])
redis.call('EXPIRE', KEYS[2], ARGV[7])
if ARGV[4] ~= '' then redis.call('RPUSH', KEYS[4], ARGV[4]) end
redis.call('RPUSH', KEYS[3], ARGV[5])
return 'committed'
`,
);
