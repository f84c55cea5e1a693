-- ARGV from 4: rows of audit records. Each gets a number and the time.
for i = 4, #ARGV do
  local number = int(unique())
  call('ZADD', P .. 'audit', number, number .. '|' .. int(now) .. '|' .. ARGV[i])
end
keep_unique()
return 1
