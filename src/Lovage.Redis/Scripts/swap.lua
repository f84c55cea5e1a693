-- Writes a field of a hash if it is as it was read. ARGV from 4: hash, field, value as it was read ('' for none), new
-- value ('' deletes), a sorted set to list the field in, and its place there. Answers 1 when it was written, else 0.
local key = P .. ARGV[4]
if (call('HGET', key, ARGV[5]) or '') ~= ARGV[6] then return 0 end
if ARGV[7] == '' then
  call('HDEL', key, ARGV[5])
  call('ZREM', P .. ARGV[8], ARGV[5])
else
  call('HSET', key, ARGV[5], ARGV[7])
  call('ZADD', P .. ARGV[8], ARGV[9], ARGV[5])
end
return 1
