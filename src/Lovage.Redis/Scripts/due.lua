-- ARGV[4]: how many at the most. Answers now, 1 when any tick waits, the row of the next schedule that is not due or
-- '', then id, row, version and unfinished jobs of each that is due, or whose waiting tick has nothing to wait for.
local max = tonumber(ARGV[4])
local answer, seen = {}, {}
local function add(id)
  if not seen[id] then
    seen[id] = true
    answer[#answer + 1] = id
    answer[#answer + 1] = call('HGET', P .. 's', id)
    answer[#answer + 1] = call('HGET', P .. 's:version', id)
    answer[#answer + 1] = int(unfinished(id))
  end
end
local queued = call('ZRANGE', P .. 's:queued', 0, -1)
for i = 1, #queued do
  if unfinished(queued[i]) == 0 then add(queued[i]) end
end
local due = call('ZRANGEBYSCORE', P .. 's:due', '-inf', int(now), 'LIMIT', 0, max + 1)
for i = 1, #due do add(due[i]) end
local next = call('ZRANGEBYSCORE', P .. 's:due', '(' .. int(now), '+inf', 'LIMIT', 0, 1)[1]
table.insert(answer, 1, int(now))
table.insert(answer, 2, #queued > 0 and '1' or '0')
table.insert(answer, 3, next and call('HGET', P .. 's', next) or '')
return answer
