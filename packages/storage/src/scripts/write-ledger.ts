import { defineScript, type Script } from './script.js';

/** Writes one entry of a unit's ledger; the first write wins. */
export const writeLedgerScript: Script = defineScript(
  'write-ledger',
  `--[[
  Writes an entry of a unit's ledger if the run is running, the unit is not consumed and nobody wrote it before.

  KEYS 1 the unit's ledger hash   2 job hash
  ARGV 1 entry name               2 entry JSON

  returns 'written', 'exists' or 'closed'
]]
if redis.call('HGET', KEYS[2], 'status') ~= 'running' then return 'closed' end
if redis.call('HEXISTS', KEYS[1], 'consumed') == 1 then return 'closed' end
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 then return 'written' end
return 'exists'
`,
);
