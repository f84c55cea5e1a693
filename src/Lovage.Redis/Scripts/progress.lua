-- ARGV from 4, three for each: stamp, progress, lines; '' leaves what there is.
for i = 4, #ARGV, 3 do
  local stamp = ARGV[i]
  if call('ZSCORE', P .. 'leases', stamp) then
    if ARGV[i + 1] ~= '' then call('HSET', P .. 'progress', stamp, ARGV[i + 1]) end
    if ARGV[i + 2] ~= '' then call('SET', P .. 'lines:' .. stamp, ARGV[i + 2]) end
  end
end
return 1
