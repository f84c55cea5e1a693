-- ARGV[4]: how many firings; for each: id, version as it was read, row, next tick or '', queued tick or '', 1 when it
-- is active, key of the newest line, key of the line that waits or '', number of lines, key and row of each, number of
-- jobs, the jobs as messages. Answers 1 for each that was recorded.
local answers = {}
local i = 5
for _ = 1, tonumber(ARGV[4]) do
  local id, version, row, next, queued, active, newest, waits, lines =
    ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6], ARGV[i + 7], ARGV[i + 8]
  local first = i + 9
  local at = first + 2 * tonumber(lines)
  local jobs = tonumber(ARGV[at])
  i = at + 1
  if call('HGET', P .. 's:version', id) ~= version then
    answers[#answers + 1] = 0
    for _ = 1, jobs do i = i + 2 + tonumber(string.match(ARGV[i], '|(%d+)$')) end
  else
    answers[#answers + 1] = 1
    forget_ended(id)
    if jobs > 0 then
      local from = i
      local _
      _, i = publish(i, jobs)
      while from < i do
        call('SADD', P .. 'open:' .. id, string.match(ARGV[from], '^[^|]*'))
        from = from + 2 + tonumber(string.match(ARGV[from], '|(%d+)$'))
      end
    end
    for l = first, at - 1, 2 do write_line(id, ARGV[l], ARGV[l + 1]) end
    call('HSET', P .. 's:version', id, call('INCR', P .. 's:versions'))
    call('HSET', P .. 's', id, row)
    if newest ~= '' then call('HSET', P .. 's:newest', id, newest) end
    if waits ~= '' then call('HSET', P .. 's:waits', id, waits) else call('HDEL', P .. 's:waits', id) end
    call('ZREM', P .. 's:due', id)
    call('ZREM', P .. 's:queued', id)
    if active == '1' then
      if next ~= '' then call('ZADD', P .. 's:due', next, id) end
      if queued ~= '' then call('ZADD', P .. 's:queued', queued, id) end
    end
  end
end
keep_sums()
keep_unique()
return answers
