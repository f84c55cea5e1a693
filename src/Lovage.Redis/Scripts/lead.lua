-- ARGV from 4: owner, lease in microseconds; a lease of 0 resigns. Answers 1 for the leader.
local owner, lease = ARGV[4], tonumber(ARGV[5])
local text = call('GET', P .. 'lead')
local leader, ends
if text then leader, ends = string.match(text, '^(.*)|(%d+)$') end
if lease == 0 then
  if leader == owner then call('DEL', P .. 'lead') end
  return 1
end
if leader and leader ~= owner and tonumber(ends) > now then return 0 end
call('SET', P .. 'lead', owner .. '|' .. int(now + lease))
return 1
