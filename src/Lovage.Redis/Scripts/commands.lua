-- Answers number and row of each command whose deadline lies ahead, the oldest first.
local all = call('HGETALL', P .. 'control')
local open = {}
for i = 1, #all, 2 do
  local ends, row = string.match(all[i + 1], '^(%d+)|%d+|(.*)$')
  if tonumber(ends) > now then open[#open + 1] = { all[i], row } end
end
table.sort(open, function(a, b) return tonumber(a[1]) < tonumber(b[1]) end)
local answer = {}
for i = 1, #open do
  answer[#answer + 1] = open[i][1]
  answer[#answer + 1] = open[i][2]
end
return answer
