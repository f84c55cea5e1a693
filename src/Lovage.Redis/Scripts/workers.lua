-- ARGV[4]: how long a silent worker is listed (microseconds). Answers row, time of the beat and digest of each.
local answer = {}
local live = call('ZRANGEBYSCORE', P .. 'workers:beats', '(' .. int(now - tonumber(ARGV[4])), '+inf', 'WITHSCORES')
for i = 1, #live, 2 do
  answer[#answer + 1] = call('HGET', P .. 'workers', live[i])
  answer[#answer + 1] = int(tonumber(live[i + 1]))
  answer[#answer + 1] = call('HGET', P .. 'workers:digests', live[i])
end
return answer
