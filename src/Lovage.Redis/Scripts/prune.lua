-- ARGV from 4: most ended jobs to keep, age of finished ones, age of dead ones (microseconds), how many at the most,
-- the oldest hour to keep, the oldest failure to keep. Answers how many jobs were deleted.
local rows, finished_age, dead_age, max = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local total = call('ZCARD', P .. 'ended') + call('ZCARD', P .. 'dead')
local count_deleted = 0
while count_deleted < max do
  local ended = call('ZRANGE', P .. 'ended', 0, 0, 'WITHSCORES')
  local dead = call('ZRANGE', P .. 'dead', 0, 0, 'WITHSCORES')
  local from
  if total > rows then
    from = (not dead[1] or (ended[1] and tonumber(ended[2]) < tonumber(dead[2]))) and ended or dead
  elseif ended[1] and now - tonumber(ended[2]) > finished_age then
    from = ended
  elseif dead[1] and now - tonumber(dead[2]) > dead_age then
    from = dead
  end
  if not from or not from[1] then break end
  local raw = call('GET', P .. 'j:' .. from[1])
  if raw then
    local f = split(parts(raw))
    local record = call('GET', record_key(f[ID], f[FLAGS]))
    local r = record and record_front(record)
    delete(f, r and r[1] or 'S')
  else
    call('ZREM', P .. 'ended', from[1])
    call('ZREM', P .. 'dead', from[1])
  end
  total = total - 1
  count_deleted = count_deleted + 1
end
local old = call('ZRANGEBYSCORE', P .. 'hours', '-inf', '(' .. ARGV[8])
for i = 1, #old do
  call('DEL', P .. 'h:' .. old[i])
  call('ZREM', P .. 'hours', old[i])
end
local causes = call('ZRANGEBYSCORE', P .. 'failures', '-inf', '(' .. ARGV[9], 'LIMIT', 0, 100)
for i = 1, #causes do
  call('DEL', P .. 'f:' .. causes[i])
  call('ZREM', P .. 'failures', causes[i])
end
return count_deleted
