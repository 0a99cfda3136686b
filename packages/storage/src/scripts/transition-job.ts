import { defineScript, type Script } from './script.js';

/** Moves a job from one of several states to another, with its event. */
export const transitionJobScript: Script = defineScript(
  'transition-job',
  `--[[
  Moves a job to another status, sets fields and adds an event, all or nothing.

  KEYS 1 job hash   2 events list
  ARGV 1 statuses that allow the move, as JSON array   2 new status
       3 fields as JSON object of strings              4 event JSON

  returns 'moved', 'missing' without such a job, else the status that forbids the move
]]
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return 'missing' end
local allowed = false
for _, name in ipairs(cjson.decode(ARGV[1])) do
  if name == status then allowed = true end
end
if not allowed then return status end
redis.call('HSET', KEYS[1], 'status', ARGV[2])
for name, value in pairs(cjson.decode(ARGV[3])) do redis.call('HSET', KEYS[1], name, value) end
redis.call('RPUSH', KEYS[2], ARGV[4])
return 'moved'
`,
);
