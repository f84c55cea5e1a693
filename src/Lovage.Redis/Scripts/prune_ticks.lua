-- ARGV from 4: how long lines are kept (microseconds), how many at the most. Answers how many were deleted.
local before, max, deleted, at = now - tonumber(ARGV[4]), tonumber(ARGV[5]), 0, 0
while deleted < max do
  local old = call('ZRANGEBYSCORE', P .. 's:ages', '-inf', '(' .. int(before), 'LIMIT', at, 500)
  if #old == 0 then break end
  for i = 1, #old do
    if deleted == max then break end
    local key, id = string.match(old[i], '^([^|]*)|(.*)$')
    local whole, row = line_of(id, key)
    local open = false
    if row then
      local status, job = string.match(row, '^%[[^,]*,[^,]*,[^,]*,(%d+),"?([^",]*)"?,')
      if status == '1' then
        open = call('HGET', P .. 's:waits', id) == key
      elseif job ~= 'null' then
        open = call('SISMEMBER', P .. 'open:' .. id, job) == 1 and is_unfinished(job)
      end
    end
    if open then
      at = at + 1
    else
      call('ZREM', P .. 's:ages', old[i])
      if whole then
        call('ZREM', P .. 'ticks:' .. id, whole)
        deleted = deleted + 1
      end
    end
  end
end
return deleted
