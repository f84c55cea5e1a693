-- ARGV from 4: owner, row, digest of its names, how long a silent worker is listed (microseconds). Answers 1 when the
-- names of this digest are stored.
local owner, live = ARGV[4], tonumber(ARGV[7])
local dead = call('ZRANGEBYSCORE', P .. 'workers:beats', '-inf', int(now - live))
for i = 1, #dead do
  if dead[i] ~= owner then
    call('ZREM', P .. 'workers:beats', dead[i])
    call('HDEL', P .. 'workers', dead[i])
    call('HDEL', P .. 'workers:digests', dead[i])
  end
end
call('ZADD', P .. 'workers:beats', int(now), owner)
call('HSET', P .. 'workers', owner, ARGV[5])
call('HSET', P .. 'workers:digests', owner, ARGV[6])
if #dead > 0 then
  local used, names = {}, call('HVALS', P .. 'workers:digests')
  for i = 1, #names do used[names[i]] = true end
  local kept = call('HKEYS', P .. 'workers:names')
  for i = 1, #kept do
    if not used[kept[i]] then call('HDEL', P .. 'workers:names', kept[i]) end
  end
end
return call('HEXISTS', P .. 'workers:names', ARGV[6])
