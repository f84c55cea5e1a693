-- ARGV[4]: priority steps. Answers for each queue: name, ready, scheduled, claimed, when the oldest ready job became
-- ready ('' for none), reason of the pause (or nothing, as the 7th item says).
local answers = {}
local names = call('SMEMBERS', P .. 'queues')
local paused = call('HKEYS', P .. 'paused')
local seen = {}
for i = 1, #names do seen[names[i]] = true end
for i = 1, #paused do
  if not seen[paused[i]] then names[#names + 1] = paused[i] end
end
table.sort(names)
for i = 1, #names do
  local queue = names[i]
  while promote(queue) == 500 do end
  local ready, oldest = 0, nil
  for step in string.gmatch(ARGV[4], '%d+') do
    local key = list_key(queue, step)
    local length = call('LLEN', key)
    local orphans = call('ZRANGE', again_key(queue, step), 0, 0)
    ready = ready + length - tonumber(call('HGET', P .. 'gone:n', key) or 0)
      + call('ZCARD', again_key(queue, step))
    local heads = {}
    if orphans[1] then heads[1] = call('GET', P .. 'j:' .. orphans[1]) end
    for at = -1, -math.min(length, 1000), -1 do
      local raw = call('LINDEX', key, at)
      local front = parts(raw)
      if not front or call('HEXISTS', P .. 'gone', split(front)[SEQ]) == 0 then
        heads[#heads + 1] = raw
        break
      end
    end
    for h = 1, #heads do
      local front = parts(heads[h])
      local at = front and tonumber(split(front)[READY]) or now
      if not oldest or at < oldest then oldest = at end
    end
  end
  local reason = call('HGET', P .. 'paused', queue)
  answers[#answers + 1] = { queue, int(ready), int(call('ZCARD', P .. 'due:' .. queue)),
    call('HGET', P .. 'claimed', queue) or '0', oldest and int(now - oldest) or '', reason or '',
    reason and '1' or '0' }
end
keep_unique()
return answers
