-- ARGV[4]: id of a schedule. Answers 1 when there was one.
local id = ARGV[4]
local lines = call('ZRANGE', P .. 'ticks:' .. id, 0, -1)
for i = 1, #lines do call('ZREM', P .. 's:ages', string.match(lines[i], '^[^|]*') .. '|' .. id) end
call('DEL', P .. 'ticks:' .. id, P .. 'open:' .. id)
call('HDEL', P .. 's:version', id)
call('HDEL', P .. 's:newest', id)
call('HDEL', P .. 's:waits', id)
call('ZREM', P .. 's:names', id)
call('ZREM', P .. 's:due', id)
call('ZREM', P .. 's:queued', id)
return call('HDEL', P .. 's', id)
