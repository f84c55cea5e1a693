-- ARGV from 4: row of a command, its deadline, how long it is kept after that (microseconds). Answers its number.
local all = call('HGETALL', P .. 'control')
for i = 1, #all, 2 do
  if tonumber(string.match(all[i + 1], '^%d+|(%d+)|')) <= now then
    call('HDEL', P .. 'control', all[i])
    call('DEL', P .. 'replies:' .. all[i])
  end
end
local number = int(unique())
local ends = now + tonumber(ARGV[5])
call('HSET', P .. 'control', number, int(ends) .. '|' .. int(ends + tonumber(ARGV[6])) .. '|' .. ARGV[4])
keep_unique()
return number
