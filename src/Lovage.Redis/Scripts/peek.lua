-- ARGV from 4: queue, how many at the most, priority steps, 1 for delayed jobs too. Answers elements of waiting jobs in
-- the order in which they come: orphans, ready ones, delayed ones.
local queue, max = ARGV[4], tonumber(ARGV[5])
local found = {}
promote(queue)
for step in string.gmatch(ARGV[6], '%d+') do
  local ids = call('ZRANGE', again_key(queue, step), 0, max - 1)
  for i = 1, #ids do
    if #found < max then found[#found + 1] = call('GET', P .. 'j:' .. ids[i]) end
  end
end
for step in string.gmatch(ARGV[6], '%d+') do
  local at = -1
  local key = list_key(queue, step)
  while #found < max do
    local raws = call('LRANGE', key, at - 99, at)
    for i = #raws, 1, -1 do
      local front = parts(raws[i])
      if #found < max and not (front and call('HEXISTS', P .. 'gone', split(front)[SEQ]) == 1) then
        found[#found + 1] = raws[i]
      end
    end
    if #raws < 100 then break end
    at = at - 100
  end
end
if ARGV[7] == '1' and #found < max then
  local due = call('ZRANGE', P .. 'due:' .. queue, 0, max - #found - 1)
  for i = 1, #due do found[#found + 1] = call('GET', P .. 'j:' .. string.match(due[i], '|(.*)$')) end
end
keep_unique()
return found
