-- ARGV from 4: number of a command, worker, row of its reply. The first reply of a worker before the deadline counts.
local text = call('HGET', P .. 'control', ARGV[4])
if text and tonumber(string.match(text, '^%d+')) > now then
  call('HSETNX', P .. 'replies:' .. ARGV[4], ARGV[5], ARGV[6])
end
return 1
