-- Stores messages. ARGV[i] begins the first of n: for each its facts, its envelope without the first brace, then its
-- marks. Facts: id|name|queue|step|delay|eta|flags|expires in|number of marks. Answers two letters a message: what
-- became of it (a accepted, k known, c conflict) and where the job stands; then the index after the last one.
local function state_of(f)
  local record = call('GET', record_key(f[ID], f[FLAGS]))
  if record then
    local r = record_front(record)
    if r and FINAL[r[1]] then return r[1] end
  end
  local stamp = call('HGET', P .. 'held', f[ID])
  if stamp then return call('HEXISTS', P .. 'starts', stamp) == 1 and 'u' or 'q' end
  return f[STATE]
end

local function body_of(rest)
  return string.match(rest, '"body": ?"([^"]*)"')
end

local function append(to, key, a, b)
  local of = to[key]
  if not of then
    of = {}
    to[key] = of
  end
  of[#of + 1] = a
  if b then of[#of + 1] = b end
end

local function publish(i, n)
  local answers, ready, stored, pages, seen = {}, {}, {}, {}, {}

  -- One question for all: a known id is rare.
  local keys, at = {}, i
  for _ = 1, n do
    local id, marks = string.match(ARGV[at], '^([^|]*)|.*|(%d+)$')
    keys[#keys + 1] = P .. 'j:' .. id
    at = at + 2 + tonumber(marks)
  end
  local any = call('EXISTS', unpack(keys)) > 0

  for _ = 1, n do
    local id, name, queue, step, delay, eta, flags, expires, marks = string.match(
      ARGV[i], '^([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)$')
    local rest = ARGV[i + 1]
    local key = P .. 'j:' .. id
    local known = seen[id] or (any and call('GET', key))
    marks = tonumber(marks)
    if known then
      local front, old = parts(known)
      local f = split(front)
      local same = f[NAME] == name and body_of(old) == body_of(rest)
      answers[#answers + 1] = (same and 'k' or 'c') .. (seen[id] and f[STATE] or state_of(f))
    else
      local number = int(unique())
      local due = now + tonumber(delay)
      if eta ~= '' and tonumber(eta) > due then due = tonumber(eta) end
      if expires ~= '' then expires = int(now + tonumber(expires)) end
      local state = due > now and 's' or 'q'
      if state == 's' then flags = flags .. 'd' end
      local f = { id, number, int(now), int(due > now and due or now), number, state, '0', '0', '0', '', flags,
        expires, queue, step, name }
      local raw = element(table.concat(f, '|'), rest)
      seen[id] = raw
      stored[#stored + 1] = key
      stored[#stored + 1] = raw
      append(pages, queue, number, id)
      if state == 's' then
        call('ZADD', P .. 'due:' .. queue, f[READY], due_member(f))
      else
        append(ready, list_key(queue, step), raw)
      end
      for m = 1, marks do
        call('ZADD', P .. 'm:' .. ARGV[i + 1 + m], number, id)
        call('SADD', P .. 'marks:' .. id, ARGV[i + 1 + m])
      end
      count(f, 'E')
      answers[#answers + 1] = 'a' .. state
    end
    i = i + 2 + marks
  end

  if #stored > 0 then
    call('MSET', unpack(stored))
    for list, raws in pairs(ready) do call('LPUSH', list, unpack(raws)) end
    for queue, members in pairs(pages) do
      call('ZADD', P .. 'jobs:' .. queue, unpack(members))
      know_queue(queue)
    end
  end
  return table.concat(answers), i
end
