-- ARGV from 4: ids. Answers for each: element, record, stamp, owner, start, wish, progress, then what is kept apart as
-- names and values; '' for what there is not, and nothing for an unknown job.
local answers = {}
for i = 4, #ARGV do
  local id = ARGV[i]
  local raw = call('GET', P .. 'j:' .. id)
  if not raw then
    answers[#answers + 1] = {}
  else
    local f = split(parts(raw))
    local answer = { raw, call('GET', record_key(id, f[FLAGS])) or '', '', '', '', '', '' }
    local stamp = call('HGET', P .. 'held', id)
    if stamp then
      local owner, _, whole = find_claim(stamp)
      answer[1], answer[3], answer[4] = whole, stamp, owner
      answer[5] = call('HGET', P .. 'starts', stamp) or ''
      answer[6] = call('HGET', P .. 'wish', stamp) or ''
      answer[7] = call('HGET', P .. 'progress', stamp) or ''
    end
    local apart = call('HGETALL', P .. 'x:' .. id)
    for k = 1, #apart do answer[7 + k] = apart[k] end
    answers[#answers + 1] = answer
  end
end
return answers
