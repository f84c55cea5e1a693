-- ARGV from 4: ids. Answers for each: row, version, the newest line and the line of the tick that waits; nothing for an
-- unknown schedule.
local answers = {}
for i = 4, #ARGV do
  local id = ARGV[i]
  local row = call('HGET', P .. 's', id)
  if not row then
    answers[#answers + 1] = {}
  else
    local newest = call('HGET', P .. 's:newest', id)
    local _, line = line_of(id, newest or '-')
    local _, waiting = line_of(id, call('HGET', P .. 's:waits', id) or '-')
    answers[#answers + 1] = { row, call('HGET', P .. 's:version', id), line or '', waiting or '' }
  end
end
return answers
