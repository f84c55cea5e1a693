-- ARGV from 4: id, version as it was read (0 for none), row, next tick or '', queued tick or '', 1 when it is active.
-- Answers the new version, or 0 when the schedule is another one by now.
local id, version = ARGV[4], ARGV[5]
if (call('HGET', P .. 's:version', id) or '0') ~= version then return 0 end
local new = call('INCR', P .. 's:versions')
call('HSET', P .. 's:version', id, new)
call('HSET', P .. 's', id, ARGV[6])
if ARGV[8] == '' then call('HDEL', P .. 's:waits', id) end
call('ZADD', P .. 's:names', 0, id)
call('ZREM', P .. 's:due', id)
call('ZREM', P .. 's:queued', id)
if ARGV[9] == '1' then
  if ARGV[7] ~= '' then call('ZADD', P .. 's:due', ARGV[7], id) end
  if ARGV[8] ~= '' then call('ZADD', P .. 's:queued', ARGV[8], id) end
end
return new
