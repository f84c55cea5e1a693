-- ARGV from 4: how many at the most, owners known to be dead. Answers stamp|id of jobs whose lease has run out, or
-- whose owner is dead, the oldest claims first.
local max = tonumber(ARGV[4])
local found = call('ZRANGEBYSCORE', P .. 'leases', '-inf', int(now), 'LIMIT', 0, max)
local stamps, seen = {}, {}
for i = 1, #found do
  stamps[i] = found[i]
  seen[found[i]] = true
end
local dead, any = {}, false
for i = 5, #ARGV do
  if tonumber(call('HGET', P .. 'owners', ARGV[i]) or 0) > 0 then
    dead[ARGV[i]] = true
    any = true
  end
end
if any then
  local claims = call('HGETALL', P .. 'claims')
  for i = 1, #claims, 2 do
    if not seen[claims[i]] and dead[string.match(claims[i + 1], '^([^|]*)|')] then stamps[#stamps + 1] = claims[i] end
  end
end
table.sort(stamps, function(a, b) return tonumber(a) < tonumber(b) end)
local ids = {}
for i = 1, math.min(max, #stamps) do
  local _, _, _, f = find_claim(stamps[i])
  ids[i] = stamps[i] .. '|' .. f[ID]
end
return ids
