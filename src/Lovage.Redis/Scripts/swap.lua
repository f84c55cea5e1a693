-- Writes a field of a hash if it is as it was read. ARGV from 4: hash, field, value as it was read ('' for none), new
-- value ('' deletes), a sorted set to list a new field in ('' for none). Answers 1 when it was written, else 0.
local key = P .. ARGV[4]
if (call('HGET', key, ARGV[5]) or '') ~= ARGV[6] then return 0 end
if ARGV[7] == '' then
  call('HDEL', key, ARGV[5])
  if ARGV[8] ~= '' then call('ZREM', P .. ARGV[8], ARGV[5]) end
else
  call('HSET', key, ARGV[5], ARGV[7])
  if ARGV[8] ~= '' and ARGV[6] == '' then
    call('ZADD', P .. ARGV[8], int(unique()), ARGV[5])
    keep_unique()
  end
end
return 1
