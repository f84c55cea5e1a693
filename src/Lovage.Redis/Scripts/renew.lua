-- ARGV from 4: lease in microseconds, stamps. Answers 0 held, 1 held with a wish to cancel, 2 lost.
local wishes = call('HLEN', P .. 'wish') > 0
local ends = int(now + tonumber(ARGV[4]))
local answers = {}
for i = 5, #ARGV do
  if not call('ZSCORE', P .. 'leases', ARGV[i]) then
    answers[#answers + 1] = 2
  else
    call('ZADD', P .. 'leases', 'XX', ends, ARGV[i])
    answers[#answers + 1] = (wishes and call('HEXISTS', P .. 'wish', ARGV[i]) == 1) and 1 or 0
  end
end
return answers
