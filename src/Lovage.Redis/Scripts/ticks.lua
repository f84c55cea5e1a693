-- Lines of a schedule's history: members "key|row" of a sorted set in the order of their keys. A key is a tick in units
-- of 100 ns, then ~ for a run by hand.
local function line_of(id, key)
  local found = call('ZRANGEBYLEX', P .. 'ticks:' .. id, '[' .. key .. '|', '(' .. key .. '}')[1]
  return found, found and string.match(found, '^[^|]*|(.*)$')
end

local function write_line(id, key, row)
  local before = line_of(id, key)
  if before then call('ZREM', P .. 'ticks:' .. id, before) end
  call('ZADD', P .. 'ticks:' .. id, 0, key .. '|' .. row)
  call('ZADD', P .. 's:ages', int(now), key .. '|' .. id)
end

local function is_unfinished(id)
  local raw = call('GET', P .. 'j:' .. id)
  if not raw then return false end
  local f = split(parts(raw))
  local record = call('GET', record_key(id, f[FLAGS]))
  local r = record and record_front(record)
  return not (r and FINAL[r[1]])
end

local function unfinished(id)
  local n = 0
  local open = call('SMEMBERS', P .. 'open:' .. id)
  for i = 1, #open do
    if is_unfinished(open[i]) then n = n + 1 end
  end
  return n
end

-- Once it was seen that a job has ended, it no longer counts, even when a person requeues it.
local function forget_ended(id)
  local open = call('SMEMBERS', P .. 'open:' .. id)
  for i = 1, #open do
    if not is_unfinished(open[i]) then call('SREM', P .. 'open:' .. id, open[i]) end
  end
end
