-- Every script begins with this text. ARGV: our prefix, kombu's prefix, the time in microseconds or '' for the
-- server's own. Places, names and formats: docs/adr/0016-redis.md.
local call = redis.call
local P, G = ARGV[1], ARGV[2]
local now
if ARGV[3] ~= '' then
  now = tonumber(ARGV[3])
else
  local t = call('TIME')
  now = t[1] * 1000000 + t[2]
end

local HOUR = 3600000000
local last

-- A number that no other call got, and that grows: microseconds since 1970, or one more than the last one.
local function unique()
  last = last or tonumber(call('GET', P .. 'last') or 0)
  last = last + 1
  if last < now then last = now end
  return last
end

local function keep_unique()
  if last then call('SET', P .. 'last', string.format('%.0f', last)) end
end

local function int(n)
  return string.format('%.0f', n)
end

-- The front of an element: 15 fields that are ours, before the envelope that is Celery's.
local ID, NUMBER, ENQUEUED, READY, SEQ, STATE, ATTEMPTS, DEATHS, OFFERS, OFFERED, FLAGS, EXPIRES, QUEUE, STEP, NAME =
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
local FIELDS = '^' .. string.rep('([^|]*)|', 14) .. '([^|]*)$'

local function split(front)
  return { string.match(front, FIELDS) }
end

-- Front and rest of an element; nil for one that another producer wrote. kombu writes a space after ':' and ','.
local function parts(raw)
  if string.sub(raw, 1, 11) == '{"lovage":"' then
    local e = string.find(raw, '"', 12, true)
    return string.sub(raw, 12, e - 1), string.sub(raw, e + 2)
  end
  if string.sub(raw, 1, 12) == '{"lovage": "' then
    local e = string.find(raw, '"', 13, true)
    return string.sub(raw, 13, e - 1), string.sub(raw, e + 3)
  end
  return nil
end

local function element(front, rest)
  return '{"lovage":"' .. front .. '",' .. rest
end

local function list_key(queue, step)
  if step == '0' then return G .. queue end
  return G .. queue .. '\6\22' .. step
end

local function again_key(queue, step)
  return P .. 'again:' .. queue .. ':' .. step
end

local function due_member(f)
  return f[NUMBER] .. '|' .. f[ID]
end

local function has(f, flag)
  return string.find(f[FLAGS], flag, 1, true) ~= nil
end

-- The record of what became of a job. With ignore_result it is not where Celery's clients look.
local function record_key(id, flags)
  if string.find(flags, 'i', 1, true) then return P .. 'o:' .. id end
  return G .. 'celery-task-meta-' .. id
end

-- The 6 fields at the start of a record that are ours: state, stamp, end, attempts, end number, flags.
local function record_front(raw)
  local t = string.match(raw, '^{"lovage": ?"([^"]*)"')
  if not t then return nil end
  return { string.match(t, '^([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)$') }, t
end

local FINAL = { S = true, F = true, C = true, X = true, D = true }

-- Adds to sums, which are written at the end: a batch touches few of them.
local sums = {}
local function add(key, field, n)
  local of = sums[key]
  if not of then
    of = {}
    sums[key] = of
  end
  of[field] = (of[field] or 0) + n
end

local hour = int(math.floor(now / HOUR))
local function count(f, what)
  local field = f[QUEUE] .. '|' .. f[NAME] .. '|' .. what
  add(P .. 'counters', field, 1)
  add(P .. 'h:' .. hour, field, 1)
end

local function keep_sums()
  for key, of in pairs(sums) do
    for field, n in pairs(of) do
      if n ~= 0 then call('HINCRBY', key, field, int(n)) end
    end
  end
  if sums[P .. 'h:' .. hour] then call('ZADD', P .. 'hours', hour, hour) end
end

-- Makes a queue known to pages, and to kombu, which restores messages of bound queues alone.
local function know_queue(queue)
  if call('SADD', P .. 'queues', queue) == 1 then
    call('SADD', G .. '_kombu.binding.' .. queue, queue .. '\6\22\6\22' .. queue)
  end
end

-- Place: at the back of its queue.
local function place_back(f, rest, ready)
  f[STATE] = 'q'
  f[SEQ] = int(unique())
  f[READY] = int(ready)
  local raw = element(table.concat(f, '|'), rest)
  call('SET', P .. 'j:' .. f[ID], raw)
  if has(f, 'o') then
    call('ZADD', again_key(f[QUEUE], f[STEP]), f[SEQ], f[ID])
  else
    call('LPUSH', list_key(f[QUEUE], f[STEP]), raw)
  end
  return raw
end

-- Place: where its number puts it. An orphan waits apart, since a worker runs one at a time.
local function place_front(f, rest)
  f[STATE] = 'q'
  local raw = element(table.concat(f, '|'), rest)
  call('SET', P .. 'j:' .. f[ID], raw)
  if has(f, 'o') then
    call('ZADD', again_key(f[QUEUE], f[STEP]), f[SEQ], f[ID])
    return raw
  end
  local key, before, seq = list_key(f[QUEUE], f[STEP]), {}, tonumber(f[SEQ])
  while true do
    local next = call('RPOP', key)
    if not next then break end
    local front = parts(next)
    if not front or tonumber(split(front)[SEQ]) > seq then
      call('RPUSH', key, next)
      break
    end
    before[#before + 1] = next
  end
  call('RPUSH', key, raw)
  for i = #before, 1, -1 do call('RPUSH', key, before[i]) end
  return raw
end

-- Place: until it is due.
local function place_due(f, rest, due)
  f[READY] = int(due)
  if not has(f, 'd') then f[FLAGS] = f[FLAGS] .. 'd' end
  f[SEQ] = int(unique())
  local raw = element(table.concat(f, '|'), rest)
  call('SET', P .. 'j:' .. f[ID], raw)
  call('ZADD', P .. 'due:' .. f[QUEUE], f[READY], due_member(f))
  return raw
end

-- Makes due jobs ready: they join the back in the order of their due times.
local function promote(queue)
  local key = P .. 'due:' .. queue
  local due = call('ZRANGEBYSCORE', key, '-inf', int(now), 'LIMIT', 0, 500)
  for i = 1, #due do
    call('ZREM', key, due[i])
    local raw = call('GET', P .. 'j:' .. string.match(due[i], '|(.*)$'))
    if raw then
      local front, rest = parts(raw)
      local f = split(front)
      place_back(f, rest, tonumber(f[READY]))
    end
  end
  return #due
end

-- Takes a waiting job out of its place. In a long list its element stays behind, marked as gone.
local function leave(f, raw)
  if f[STATE] ~= 'q' then
    call('ZREM', P .. 'due:' .. f[QUEUE], due_member(f))
  elseif has(f, 'o') then
    call('ZREM', again_key(f[QUEUE], f[STEP]), f[ID])
  else
    local key = list_key(f[QUEUE], f[STEP])
    if call('LINDEX', key, -1) == raw then
      call('RPOP', key)
    elseif call('LLEN', key) > 200 or call('LREM', key, -1, raw) == 0 then
      call('HSET', P .. 'gone', f[SEQ], key)
      call('HINCRBY', P .. 'gone:n', key, 1)
    end
  end
end

-- Claim: lends an element to an owner. The element itself is kept with the claim.
local function claim(f, raw, owner, look, lease)
  local stamp = int(unique())
  call('HSET', P .. 'claims', stamp, owner .. '|' .. look .. '|' .. raw)
  call('ZADD', P .. 'leases', int(lease), stamp)
  call('HSET', P .. 'held', f[ID], stamp)
  add(P .. 'claimed', f[QUEUE], 1)
  add(P .. 'owners', owner, 1)
  return stamp
end

-- The claim of a stamp: owner, element, front and rest; nil when it has ended.
local function find_claim(stamp)
  local text = call('HGET', P .. 'claims', stamp)
  if not text then return nil end
  local owner, look, raw = string.match(text, '^([^|]*)|([^|]*)|(.*)$')
  local front, rest = parts(raw)
  return owner, look, raw, split(front), rest
end

local function end_claim(stamp, owner, f)
  call('HDEL', P .. 'claims', stamp)
  call('ZREM', P .. 'leases', stamp)
  call('HDEL', P .. 'held', f[ID])
  call('HDEL', P .. 'starts', stamp)
  call('HDEL', P .. 'wish', stamp)
  call('HDEL', P .. 'progress', stamp)
  call('DEL', P .. 'lines:' .. stamp)
  add(P .. 'claimed', f[QUEUE], -1)
  add(P .. 'owners', owner, -1)
end

-- Writes the record of a job; Celery's clients read it, or hear it on its channel.
local function write_record(f, state, stamp, attempts, number, flags, record)
  local key = record_key(f[ID], f[FLAGS])
  local text = '{"lovage":"' .. table.concat({ state, stamp, int(now), attempts, number, flags }, '|') .. '",' .. record
  call('SET', key, text)
  if not has(f, 'i') then call('PUBLISH', key, text) end
end

-- End a job: its record, and where pages and pruning find it.
local function end_job(f, state, stamp, attempts, flags, record)
  local number = int(unique())
  write_record(f, state, stamp, attempts, number, flags, record)
  call('ZADD', P .. (state == 'D' and 'dead' or 'ended'), number, f[ID])
  if state ~= 'S' then call('ZADD', P .. 'by:' .. state, f[NUMBER], f[ID]) end
  count(f, state)
end

-- An ended job is no longer one.
local function revive(f, state)
  call('ZREM', P .. (state == 'D' and 'dead' or 'ended'), f[ID])
  if state ~= 'S' then call('ZREM', P .. 'by:' .. state, f[ID]) end
end

-- Deletes an ended job with all that is kept of it.
local function delete(f, state)
  local id = f[ID]
  revive(f, state)
  call('ZREM', P .. 'jobs:' .. f[QUEUE], id)
  local cause = call('HGET', P .. 'x:' .. id, 'c')
  if cause then call('ZREM', P .. 'fp:' .. cause, id) end
  if has(f, 'm') then
    local marks = call('SMEMBERS', P .. 'marks:' .. id)
    for i = 1, #marks do call('ZREM', P .. 'm:' .. marks[i], id) end
  end
  call('DEL', P .. 'j:' .. id, record_key(id, f[FLAGS]), P .. 'a:' .. id, P .. 'x:' .. id, P .. 'marks:' .. id)
end

-- Counts a failed attempt under its cause.
local function fail(f, cause, err)
  local key, id = P .. 'f:' .. cause, f[ID]
  call('HSETNX', key, 'first', int(now))
  call('HSET', key, 'name', f[NAME], 'error', err, 'sample', id, 'last', int(now))
  call('HINCRBY', key, 's' .. int(math.floor(now / 600000000)), 1)
  call('ZADD', P .. 'failures', int(now), cause)
  local before = call('HGET', P .. 'x:' .. id, 'c')
  if before and before ~= cause then call('ZREM', P .. 'fp:' .. before, id) end
  call('ZADD', P .. 'fp:' .. cause, f[NUMBER], id)
  call('HSET', P .. 'x:' .. id, 'c', cause, 'e', err)
end

local function keep_attempt(id, attempt)
  if attempt ~= '' then
    call('RPUSH', P .. 'a:' .. id, attempt)
    call('LTRIM', P .. 'a:' .. id, -1000, -1)
  end
end
