import { defineScript, type Script } from './script.js';

/** Creates a job record once, or finds the one that an idempotency key already made. */
export const createJobScript: Script = defineScript(
  'create-job',
  `--[[
  Creates a job record, its first event and its place in the list, or answers with the job that the
  idempotency key made before.

  KEYS 1 job hash        2 list of jobs (sorted set by sequence)   3 sequence counter
       4 active set      5 events list                            6 idempotency key ('' name unused if ARGV 4 is '')
  ARGV 1 job id          2 fields as JSON object of strings        3 event JSON
       4 digest of the request, '' without an idempotency key     5 seconds that the idempotency key lives

  returns { 'created' | 'exists' | 'conflict', job id }
]]
if ARGV[4] ~= '' then
  local used = redis.call('HMGET', KEYS[6], 'digest', 'job')
  if used[1] then
    if used[1] == ARGV[4] then return { 'exists', used[2] } end
    return { 'conflict', used[2] }
  end
end
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'exists', ARGV[1] } end
for name, value in pairs(cjson.decode(ARGV[2])) do redis.call('HSET', KEYS[1], name, value) end
redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[3]), ARGV[1])
redis.call('SADD', KEYS[4], ARGV[1])
redis.call('RPUSH', KEYS[5], ARGV[3])
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[6], 'digest', ARGV[4], 'job', ARGV[1])
  redis.call('EXPIRE', KEYS[6], ARGV[5])
end
return { 'created', ARGV[1] }
`,
);
