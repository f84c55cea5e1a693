-- ARGV from 4, two for each: stamp, when it started. A leading ! of the time: written before the handler runs. Answers
-- 1 for each whose lease is held.
local answers = {}
for i = 4, #ARGV, 2 do
  local stamp, at = ARGV[i], ARGV[i + 1]
  local held = call('ZSCORE', P .. 'leases', stamp) and 1 or 0
  answers[#answers + 1] = held
  if held == 1 then
    local before = call('HGET', P .. 'starts', stamp)
    local ahead = string.sub(at, 1, 1) == '!'
    if not before then
      call('HSET', P .. 'starts', stamp, at)
    elseif ahead and string.sub(before, 1, 1) ~= '!' then
      call('HSET', P .. 'starts', stamp, '!' .. before)
    end
  end
end
return answers
