-- ARGV from 4: id of a schedule, id of the job, the job as a message. Answers 1 when there is such a schedule.
local id, job = ARGV[4], ARGV[5]
if call('HEXISTS', P .. 's', id) == 0 then return 0 end
forget_ended(id)
local status = publish(6, 1)
call('SADD', P .. 'open:' .. id, job)
local isNew = true
if string.sub(status, 1, 1) ~= 'a' then
  local lines = call('ZRANGE', P .. 'ticks:' .. id, 0, -1)
  for i = 1, #lines do
    local key, row = string.match(lines[i], '^([^|]*)|(.*)$')
    if string.sub(key, -1) == '~' and string.find(row, '"' .. job .. '"', 1, true) then isNew = false end
  end
end
if isNew then
  -- Twice in the same instant by hand is still twice. Lua's numbers do not hold units of 100 ns.
  local at, more = now, 0
  while line_of(id, int(at) .. more .. '~') do
    more = more + 1
    if more == 10 then at, more = at + 1, 0 end
  end
  local tick = int(at) .. more
  write_line(id, tick .. '~', '[' .. tick .. ',' .. tick .. ',1,4,"' .. job .. '",' .. int(now) .. '0]')
end
keep_sums()
keep_unique()
return 1
