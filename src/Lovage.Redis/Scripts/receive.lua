-- ARGV from 4: owner, look, lease in microseconds, how many at the most, priority steps (0,3,6,9), number of looks
-- whose reply was lost, those looks, queues. Answers: now, the next due time or '', 1 when more may be ready, then
-- stamp and element of each.
local owner, look, lease, max = ARGV[4], ARGV[5], now + tonumber(ARGV[6]), tonumber(ARGV[7])
local steps = {}
for step in string.gmatch(ARGV[8], '%d+') do steps[#steps + 1] = step end
local lost = tonumber(ARGV[9])
local first = 10 + lost

if lost > 0 then
  local looks = {}
  for i = 10, 9 + lost do looks[ARGV[i]] = true end
  local claims = call('HGETALL', P .. 'claims')
  local back = {}
  for i = 1, #claims, 2 do
    local of, number, raw = string.match(claims[i + 1], '^([^|]*)|([^|]*)|(.*)$')
    if of == owner and looks[number] then
      local front, rest = parts(raw)
      back[#back + 1] = { claims[i], split(front), rest }
    end
  end
  table.sort(back, function(a, b) return tonumber(a[2][SEQ]) > tonumber(b[2][SEQ]) end)
  for i = 1, #back do
    end_claim(back[i][1], owner, back[i][2])
    place_front(back[i][2], back[i][3])
  end
end

local gone = call('HLEN', P .. 'gone') > 0
local paused = call('HLEN', P .. 'paused') > 0
local taken, due, more = {}, nil, 0

-- An element of another producer becomes a job of ours when its id and its name can be read.
local function adopt(raw, queue, step)
  local headers = string.find(raw, '"headers"', 1, true) or 1
  local id = string.match(raw, '"id": ?"([%w%._:%-]+)"', headers)
  local name = string.match(raw, '"task": ?"([%w%._:<>%[%]/%-]+)"', headers)
  if not id or not name or #id > 128 or #name > 255 or string.sub(raw, 1, 1) ~= '{' then return nil end
  local number = int(unique())
  local f = { id, number, int(now), int(now), number, 'q', '0', '0', '0', '', 'w', '', queue, step, name }
  if string.find(raw, '"ignore_result": ?true', headers) then f[FLAGS] = 'wi' end
  local rest = string.sub(raw, 2)
  local known = call('GET', P .. 'j:' .. id)
  if known then
    local front, old = parts(known)
    local k = split(front)
    local retries = tonumber(string.match(rest, '"retries": ?(%d+)') or 0)
    local before = tonumber(string.match(old, '"retries": ?(%d+)') or 0)
    local same = k[NAME] == name
      and string.match(old, '"body": ?"([^"]*)"') == string.match(rest, '"body": ?"([^"]*)"')
    -- The same message again is a duplicate. More retries, or other content, continue the job.
    if same and retries <= before then return false end
    if call('HEXISTS', P .. 'held', id) == 1 then return false end
    f[NUMBER], f[ENQUEUED], f[ATTEMPTS] = k[NUMBER], k[ENQUEUED], k[ATTEMPTS]
  else
    call('ZADD', P .. 'jobs:' .. queue, number, id)
    know_queue(queue)
    count(f, 'E')
  end
  local whole = element(table.concat(f, '|'), rest)
  call('SET', P .. 'j:' .. id, whole)
  return f, whole
end

for q = first, #ARGV do
  local queue = ARGV[q]
  if not (paused and call('HEXISTS', P .. 'paused', queue) == 1) then
    if promote(queue) == 500 then more = 1 end
    local next = call('ZRANGE', P .. 'due:' .. queue, 0, 0, 'WITHSCORES')[2]
    if next and (not due or tonumber(next) < due) then due = tonumber(next) end
    for s = 1, #steps do
      local key = list_key(queue, steps[s])
      while #taken < 2 * max do
        local raws = call('RPOP', key, max - #taken / 2)
        if not raws or #raws == 0 then break end
        for r = 1, #raws do
          local raw = raws[r]
          local front = parts(raw)
          local f
          if front then
            f = split(front)
            if #f ~= NAME then
              f = nil
              call('HSET', P .. 'quarantine', int(unique()), key .. '|front|' .. raw)
            elseif gone and call('HDEL', P .. 'gone', f[SEQ]) == 1 then
              f = nil
              if call('HINCRBY', P .. 'gone:n', key, -1) == 0 then call('HDEL', P .. 'gone:n', key) end
            end
          else
            local whole
            f, whole = adopt(raw, queue, steps[s])
            if f == nil then
              call('HSET', P .. 'quarantine', int(unique()), key .. '|no id or name|' .. raw)
            elseif f == false then
              f = nil
            else
              raw = whole
            end
          end
          if f then
            taken[#taken + 1] = claim(f, raw, owner, look, lease)
            taken[#taken + 1] = raw
          end
        end
      end
      if #taken >= 2 * max then more = 1 end
    end
  end
end

keep_sums()
keep_unique()
local answer = { int(now), due and int(due) or '', more }
for i = 1, #taken do answer[3 + i] = taken[i] end
return answer
