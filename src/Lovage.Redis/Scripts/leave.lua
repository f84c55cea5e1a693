-- ARGV[4]: owner.
call('ZREM', P .. 'workers:beats', ARGV[4])
call('HDEL', P .. 'workers', ARGV[4])
local digest = call('HGET', P .. 'workers:digests', ARGV[4])
call('HDEL', P .. 'workers:digests', ARGV[4])
local others = call('HVALS', P .. 'workers:digests')
for i = 1, #others do
  if others[i] == digest then digest = nil end
end
if digest then call('HDEL', P .. 'workers:names', digest) end
return 1
