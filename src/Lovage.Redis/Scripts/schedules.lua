-- ARGV from 4, two for each: id, key of the tick that waits (or ''). Answers for each: row, version, the newest line and
-- the line of the tick that waits; nothing for an unknown schedule.
local answers = {}
for i = 4, #ARGV, 2 do
  local id = ARGV[i]
  local row = call('HGET', P .. 's', id)
  if not row then
    answers[#answers + 1] = {}
  else
    local newest = call('HGET', P .. 's:newest', id)
    local queued = ''
    if ARGV[i + 1] == 'queued' then
      local key = call('HGET', P .. 's:waits', id)
      local _, found = line_of(id, key or '-')
      queued = found or ''
    end
    local _, line = line_of(id, newest or '-')
    answers[#answers + 1] = { row, call('HGET', P .. 's:version', id), line or '', queued }
  end
end
return answers
