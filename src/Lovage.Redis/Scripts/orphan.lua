-- ARGV from 4: owner, look, lease in microseconds, priority steps, queues. Claims one orphan. Answers: now, then stamp
-- and element, or nothing.
local owner, look, lease = ARGV[4], ARGV[5], now + tonumber(ARGV[6])
for q = 8, #ARGV do
  local queue = ARGV[q]
  if call('HEXISTS', P .. 'paused', queue) == 0 then
    for step in string.gmatch(ARGV[7], '%d+') do
      local id = call('ZPOPMIN', again_key(queue, step))[1]
      if id then
        local raw = call('GET', P .. 'j:' .. id)
        local front = parts(raw)
        local stamp = claim(split(front), raw, owner, look, lease)
        keep_sums()
        keep_unique()
        return { int(now), stamp, raw }
      end
    end
  end
end
return { int(now) }
