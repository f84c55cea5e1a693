-- Changes jobs that the caller has read, each only when it is still as it was read. ARGV from 4, 9 for each: facts,
-- start and wish as they were read, the front of the record as it was read, the new front, the new rest of the element
-- ('' keeps it), the new record, its progress, an attempt to keep, what is kept apart as JSON ('' leaves it).
-- Facts: id|sequence as it was read|stamp as it was read|action|time|end|flags. Actions: B back of its queue, F front,
-- D delayed until time, E end, X delete, W wish. Flags: n counts it as enqueued, m moves it from another queue, r the
-- record goes, x something is kept apart. Answers 1 for each that was changed.
local answers = {}
for i = 4, #ARGV, 9 do
  local id, seq, stamp, action, time, ended, flags = string.match(
    ARGV[i], '^([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)$')
  local notes, was, front, rest, record, progress, attempt, apart =
    ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6], ARGV[i + 7], ARGV[i + 8]
  local raw = call('GET', P .. 'j:' .. id)
  local done = 0
  local f, old
  if raw then
    local text
    text, old = parts(raw)
    f = split(text)
  end
  if f and f[SEQ] == seq and (call('HGET', P .. 'held', id) or '') == stamp then
    local text = call('GET', record_key(id, f[FLAGS]))
    local r, read = nil, ''
    if text then r, read = record_front(text) end
    local owner
    local same = (read or '') == was
    if stamp ~= '' then
      owner = find_claim(stamp)
      same = same and (call('HGET', P .. 'starts', stamp) or '') .. '\n' .. (call('HGET', P .. 'wish', stamp) or '')
        == notes
    end
    if same then
      done = 1
      if action == 'W' then
        call('HSET', P .. 'wish', stamp, apart)
      elseif action == 'X' then
        delete(f, r and r[1] or 'S')
      else
        if stamp ~= '' then
          end_claim(stamp, owner, f)
        elseif r and FINAL[r[1]] then
          revive(f, r[1])
        elseif r or not text then
          -- Else a worker of another language has taken it: it stands in no place.
          leave(f, raw)
        end
        if string.find(flags, 'r', 1, true) then call('DEL', record_key(id, f[FLAGS])) end
        local to = split(front)
        if string.find(flags, 'm', 1, true) then
          add(P .. 'counters', f[QUEUE] .. '|' .. f[NAME] .. '|E', -1)
          add(P .. 'counters', to[QUEUE] .. '|' .. to[NAME] .. '|E', 1)
          call('ZREM', P .. 'jobs:' .. f[QUEUE], id)
          call('ZADD', P .. 'jobs:' .. to[QUEUE], to[NUMBER], id)
          know_queue(to[QUEUE])
        end
        if string.find(flags, 'n', 1, true) then count(to, 'E') end
        keep_attempt(id, attempt)
        if apart ~= '' then
          local cause = call('HGET', P .. 'x:' .. id, 'c')
          local kept = cjson.decode(apart)
          if cause and kept.c ~= cause then call('ZREM', P .. 'fp:' .. cause, id) end
          call('DEL', P .. 'x:' .. id)
          for name, value in pairs(kept) do call('HSET', P .. 'x:' .. id, name, value) end
        end
        if rest == '' then rest = old end
        if action == 'B' then
          place_back(to, rest, time == '' and now or tonumber(time))
        elseif action == 'F' then
          place_front(to, rest)
        elseif action == 'D' then
          place_due(to, rest, string.sub(time, 1, 1) == '+' and now + tonumber(string.sub(time, 2)) or tonumber(time))
        else
          if progress ~= '' then record = '"lovage_progress":' .. progress .. ',' .. record end
          call('SET', P .. 'j:' .. id, element(table.concat(to, '|'), rest))
          end_job(to, ended, '', to[ATTEMPTS], string.gsub(flags, '[nmr]', ''), record)
        end
      end
    end
  end
  answers[#answers + 1] = done
end
keep_sums()
keep_unique()
return answers
