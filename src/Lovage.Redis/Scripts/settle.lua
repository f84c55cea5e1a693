-- ARGV[4]: how many outcomes; for each its facts, progress, record, attempt, cause, error, envelope, then its
-- follow-ups as messages. Facts: stamp|id|state|delay|flags|wait bucket|wait|run bucket|run|follow-ups. The state is
-- the end, or R for a retry. Flags: r counts a retry, c is the answer to a wish, x has an error, v has a result. The
-- last report of progress is kept when '' is given. Answers a text each: a and the state, x for stale, w and a wish
-- that this retry must obey.
local answers = {}
local wishes = call('HLEN', P .. 'wish') > 0
local reports = call('HLEN', P .. 'progress') > 0
local i = 5

local function before(stamp, id)
  local raw = call('GET', P .. 'j:' .. id)
  if not raw then return 'x' end
  local f = split(parts(raw))
  local record = call('GET', record_key(id, f[FLAGS]))
  local r = record and record_front(record)
  if r and r[2] == stamp then
    if FINAL[r[1]] then return 'a' .. r[1] end
    return (f[STATE] == 'r' and call('HEXISTS', P .. 'held', id) == 0) and 'ar' or 'a'
  end
  return call('HGET', P .. 'x:' .. id, 'k') == stamp and 'a' or 'x'
end

for _ = 1, tonumber(ARGV[4]) do
  local stamp, id, state, delay, flags, wait_bucket, wait, run_bucket, run, follow = string.match(
    ARGV[i], '^([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)$')
  local progress, record, attempt, cause, err, envelope =
    ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6]
  i = i + 7
  follow = tonumber(follow)
  local skip = true
  local owner, _, _, f, rest = find_claim(stamp)
  local wish = wishes and call('HGET', P .. 'wish', stamp)
  if not owner or f[ID] ~= id then
    answers[#answers + 1] = before(stamp, id)
  elseif wish and state == 'R' then
    answers[#answers + 1] = 'w' .. wish
  else
    skip = string.find(flags, 'c', 1, true) ~= nil
    local at = f[QUEUE] .. '|' .. f[NAME] .. '|'
    if wait_bucket ~= '' then
      add(P .. 'h:' .. hour, at .. 'w' .. wait_bucket, 1)
      add(P .. 'h:' .. hour, at .. 'W', tonumber(wait))
    end
    if run_bucket ~= '' then
      add(P .. 'h:' .. hour, at .. 'r' .. run_bucket, 1)
      add(P .. 'h:' .. hour, at .. 'T', tonumber(run))
    end
    if cause ~= '' then fail(f, cause, err) end
    if has(f, 'x') or cause ~= '' then
      call('HDEL', P .. 'x:' .. id, 'r', 'a', 'k', 'w', 't')
      if not string.find(flags, 'x', 1, true) then flags = flags .. 'x' end
    end
    keep_attempt(id, attempt)
    if progress == '' and reports and state ~= 'R' then progress = call('HGET', P .. 'progress', stamp) or '' end
    if string.find(flags, 'r', 1, true) then
      progress = ''
      count(f, 'R')
    end
    if progress ~= '' then record = '"lovage_progress":' .. progress .. ',' .. record end
    end_claim(stamp, owner, f)
    local attempts = int(tonumber(f[ATTEMPTS]) + 1)
    if state == 'R' then
      write_record(f, 'R', stamp, attempts, '', flags, record)
      f[ATTEMPTS], f[OFFERS], f[OFFERED], f[STATE] = attempts, '0', '', 'r'
      f[FLAGS] = string.gsub(f[FLAGS], '[ox]', '') .. (string.find(flags, 'x', 1, true) and 'x' or '')
      place_due(f, envelope, now + tonumber(delay))
      answers[#answers + 1] = 'ar'
    else
      if f[OFFERS] ~= '0' or envelope ~= '' then
        f[OFFERS], f[OFFERED] = '0', ''
        call('SET', P .. 'j:' .. id, element(table.concat(f, '|'), envelope ~= '' and envelope or rest))
      end
      end_job(f, state, stamp, attempts, flags, record)
      answers[#answers + 1] = 'a' .. state
    end
  end
  if follow > 0 then
    if skip then
      for _ = 1, follow do i = i + 2 + tonumber(string.match(ARGV[i], '|(%d+)$')) end
    else
      local _
      _, i = publish(i, follow)
    end
  end
end

keep_sums()
keep_unique()
return answers
