-- ARGV from 4, two for each: stamp of a claim, why its element cannot be read. The element is kept to the letter, apart
-- from the queues, and its job is forgotten.
for i = 4, #ARGV, 2 do
  local stamp = ARGV[i]
  local owner, _, _, f, rest = find_claim(stamp)
  if owner then
    end_claim(stamp, owner, f)
    call('HSET', P .. 'quarantine', stamp, list_key(f[QUEUE], f[STEP]) .. '|' .. ARGV[i + 1] .. '|{' .. rest)
    call('ZREM', P .. 'jobs:' .. f[QUEUE], f[ID])
    call('DEL', P .. 'j:' .. f[ID])
  end
end
keep_sums()
return 1
