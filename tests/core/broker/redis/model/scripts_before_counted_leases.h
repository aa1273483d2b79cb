// SPDX-License-Identifier: MIT
#pragma once
// The scripts as they were before leases were counted, without the comments at their heads: leases
// were times of Redis' clock, a life knew nothing of the one before it, and an epoch had no
// ancestors. The model must find what was wrong with them: that shows that it can find anything.

#include <string_view>

namespace chirm::model::before_counted_leases {

inline constexpr std::string_view kPublish = R"lua(
local hash, stream = KEYS[1], KEYS[2]
-- Numbers up to 2^53 are exact in Lua, but only %.0f writes them all out.
local format, call = string.format, redis.call
local meta = call('HMGET', hash, 'e', 'o', 'x', 'l')
local epoch, top = meta[1], tonumber(meta[2] or '0')
if not epoch and ARGV[1] ~= '' and ARGV[2] == '0' and ARGV[5] == '0' then
  epoch = ARGV[1]
elseif not epoch or (epoch == ARGV[1] and top < tonumber(ARGV[2])) or
    tonumber(meta[4] or '0') < tonumber(ARGV[5]) then epoch = ARGV[3] end

local answer, bodies = {epoch}, nil
local first, first_top, key = nil, top, 2
for i = 10, #ARGV, 2 do
  local body, id, stored = ARGV[i + 1], nil, false
  local offset = format('%.0f', top + 1)
  if ARGV[i] == '1' then
    key = key + 1
    id = KEYS[key]
    stored = call('SET', id, offset .. ':' .. epoch, 'NX', 'GET', 'PX', ARGV[9])
  end
  if stored then
    answer[#answer + 1] = stored
  else
    local added = redis.pcall('XADD', stream, 'MAXLEN', '~', ARGV[8], offset .. '-0', 'b', body)
    if type(added) == 'table' and added.err then
      -- Either Redis takes no writes now, for example because its memory is full: then this error
      -- comes with the first publication, before anything was written. Or the stream is ahead of
      -- the hash, which lost its newest writes while the stream did not: it is of another life, and
      -- goes.
      if id then call('DEL', id) end
      if first or not added.err:find('equal or smaller', 1, true) then return added end
      call('DEL', stream)
      epoch, top, first_top, offset = ARGV[3], 0, 0, '1'
      if id then call('SET', id, '1:' .. epoch, 'PX', ARGV[9]) end
      call('XADD', stream, '1-0', 'b', body)
    end
    top = top + 1
    answer[#answer + 1] = top
    if first then
      bodies[#bodies + 1] = #body .. ':'
      bodies[#bodies + 1] = body
    else
      first, bodies = offset, {offset .. ':' .. epoch .. ':' .. #body .. ':' .. body}
    end
  end
end

if first then
  local ttl = tonumber(ARGV[6])
  if first_top == 0 then call('DEL', stream .. ':w') end
  if epoch == meta[1] then
    call('HSET', hash, 'o', format('%.0f', top))
  else
    call('HSET', hash, 'e', epoch, 'o', format('%.0f', top), 'l', ARGV[5])
  end
  if ttl == 0 then
    if first_top == 0 then call('PERSIST', hash) end
  elseif first_top == 0 or math.abs(tonumber(ARGV[4]) - tonumber(meta[3] or '0')) > ttl / 8 then
    call('HSET', hash, 'x', ARGV[4])
    call('PEXPIRE', stream, format('%.0f', ttl + ttl / 8))
    call('PEXPIRE', hash, format('%.0f', ttl + ttl / 4))
    call('PEXPIRE', stream .. ':w', format('%.0f', ttl + ttl / 4))
  end
  call('PUBLISH', ARGV[7], bodies[2] and table.concat(bodies) or bodies[1])
  if #ARGV == 11 and epoch == ARGV[1] then return top end
end
answer[1] = epoch
return answer
)lua";

inline constexpr std::string_view kRead = R"lua(
local hash, stream = KEYS[1], KEYS[2]
local meta = redis.call('HMGET', hash, 'e', 'o', 'x', 'l', 'w')
local epoch, top, ttl_set_at = meta[1], tonumber(meta[2] or '0'), tonumber(meta[3] or '0')
if not epoch then
  local had_stream = redis.call('DEL', stream) == 1
  redis.call('DEL', stream .. ':w')
  local was_empty = ARGV[1] ~= '' and ARGV[2] == '0' and ARGV[5] == '0' and not had_stream
  epoch = was_empty and ARGV[1] or ARGV[3]
  redis.call('HSET', hash, 'e', epoch, 'o', '0', 'l', ARGV[5])
elseif (epoch == ARGV[1] and top < tonumber(ARGV[2])) or
    tonumber(meta[4] or '0') < tonumber(ARGV[5]) then
  epoch = ARGV[3]
  redis.call('HSET', hash, 'e', epoch, 'l', ARGV[5])
end

local ttl = tonumber(ARGV[6])
if top == 0 and math.abs(tonumber(ARGV[4]) - ttl_set_at) > ttl / 8 then
  redis.call('HSET', hash, 'x', ARGV[4])
  redis.call('PEXPIRE', hash, string.format('%.0f', ttl + ttl / 8))
end

local entries, from, left, bytes_left = {}, ARGV[8], tonumber(ARGV[10]), tonumber(ARGV[11])
while left > 0 and bytes_left > 0 do
  local count = math.min(left, 64)
  local some = redis.call(ARGV[7], stream, from, ARGV[9], 'COUNT', count)
  for i = 1, #some do
    if bytes_left <= 0 then break end
    if meta[5] then
      local body = redis.call('HGET', stream .. ':w', some[i][1]:match('^%d+'))
      if body then some[i][2][2] = body end
    end
    entries[#entries + 1] = some[i]
    bytes_left = bytes_left - #some[i][2][2]
  end
  left = #some == count and left - count or 0
  if left > 0 then from = '(' .. some[count][1] end
end
return {top, epoch, entries, tonumber(meta[5] or '0')}
)lua";

inline constexpr std::string_view kArrive = R"lua(
local life, nodes, me, lease = KEYS[1], KEYS[2], ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', life, 'id', 'n', 't', 'until', 'beat')
local n, t = tonumber(held[2] or '0'), tonumber(held[3] or '0')
local id = ARGV[1] .. ARGV[2]
-- Redis forgets its promotion when an idle backlog is freed: that alone begins no new life.
if ARGV[2] == '' and held[1] and held[1]:sub(1, #id) == id then id = held[1] end
-- A node that knows a later life than this Redis does has used another one meanwhile.
if held[1] == id and n >= tonumber(ARGV[5]) then
  if held[4] == '0' then return {n, t, 0, id} end
else
  -- A new life. Those whose lease had not run out when the newest one was written are waited for.
  n, t = math.max(n, tonumber(ARGV[5])) + 1, math.max(t, tonumber(ARGV[6]))
  local newest = redis.call('ZREVRANGE', nodes, 0, 0, 'WITHSCORES')[2] or '0'
  local oldest = string.format('(%.0f', tonumber(newest) - tonumber(ARGV[8]))
  local known = redis.call('ZRANGEBYSCORE', nodes, oldest, '+inf')
  redis.call('DEL', life, nodes)
  redis.call('HSET', life, 'id', id, 'n', n, 't', t, 'beat', newest,
    'until', string.format('%.0f', now + tonumber(ARGV[7])))
  for _, name in ipairs(known) do redis.call('HSET', life, 'w:' .. name, 1) end
  held[5] = newest
end

if lease > tonumber(held[5]) then
  -- This node's lease is newer than any in the store: the end of the store's data is gone, and with
  -- it what it knew of the nodes. This node knows better who was there.
  for _, field in ipairs(redis.call('HKEYS', life)) do
    if field:sub(1, 2) == 'w:' then redis.call('HDEL', life, field) end
  end
  for i = 9, #ARGV do
    local name = ARGV[i]
    local has = redis.call('HMGET', life, 'a:' .. name, 'p:' .. name, 'd:' .. name)
    if not (has[1] or has[2] or has[3]) then redis.call('HSET', life, 'w:' .. name, 1) end
  end
  redis.call('HSET', life, 'beat', ARGV[4], 'lossy', 1)
end
redis.call('HDEL', life, 'w:' .. me, 'p:' .. me, 'd:' .. me)
redis.call('HSET', life, 'a:' .. me, 1)
return {n, t, 1, id}
)lua";

inline constexpr std::string_view kSettle = R"lua(
local life, me, is_partial = KEYS[1], ARGV[2], ARGV[4] == '1'
local held = redis.call('HMGET', life, 'id', 'n', 't', 'until', 'lossy', 'state', 'missing')
if held[1] ~= ARGV[1] then return redis.error_reply('ERR another life has begun') end
local n, t, state = tonumber(held[2]), tonumber(held[3]), 0
if held[4] == '0' then return {n, t, tonumber(held[6] or '0'), held[7] or ''} end
redis.call('HDEL', life, 'w:' .. me, 'a:' .. me, 'p:' .. me)
redis.call('HSET', life, (is_partial and 'p:' or 'd:') .. me, 1)

local missing, working, partial, done = {}, {}, is_partial and -1 or 0, {}
for _, field in ipairs(redis.call('HKEYS', life)) do
  local kind = field:sub(1, 2)
  if kind == 'w:' then missing[#missing + 1] = field:sub(3) end
  if kind == 'p:' then partial = partial + 1 end
  if kind == 'a:' or kind == 'p:' then working[#working + 1] = field:sub(3) end
  if kind:sub(2) == ':' then done[#done + 1] = field end
end
local time = redis.call('TIME')
local late_ms = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(held[4])
local may_have_lost = ARGV[3] == '1' or held[5]
-- Who has come is given more time than who has not: it is at work on what it holds.
local waits_for = (may_have_lost and late_ms < 0) and #missing or 0
if #working > 0 and late_ms < tonumber(ARGV[5]) then
  local comparing = #working - partial - (is_partial and 1 or 0)
  return {waits_for + comparing, partial}
end
if waits_for > 0 then return {waits_for, partial} end
-- Nobody is waited for any more. Those who have not finished in time count as missing.
for _, name in ipairs(working) do missing[#missing + 1] = name end
if #missing > 0 and may_have_lost then
  n = n + 1
  t, state = n, 2
elseif held[5] then
  t, state = n, 1
end
for _, field in ipairs(done) do redis.call('HDEL', life, field) end
redis.call('HDEL', life, 'lossy', 'beat')
local names = table.concat(missing, ' ')
redis.call('HSET', life, 'n', n, 't', t, 'until', 0, 'state', state, 'missing', names)
return {n, t, state, names}
)lua";

inline constexpr std::string_view kLease = R"lua(
local life, nodes = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = now - tonumber(ARGV[5])
local id = redis.call('HGET', life, 'id')
if not id then
  redis.call('HSET', life, 'id', ARGV[1], 'n', ARGV[3], 't', ARGV[4], 'until', 0)
elseif id ~= ARGV[1] or redis.call('HGET', life, 'n') ~= ARGV[3] then
  return redis.error_reply('ERR another life has begun')
end
redis.call('ZADD', nodes, string.format('%.0f', now), ARGV[2])
redis.call('ZREMRANGEBYSCORE', nodes, '-inf', oldest)
local answer = redis.call('ZRANGEBYSCORE', nodes, '-inf', '+inf', 'LIMIT', 0, 256)
table.insert(answer, 1, now)
return answer
)lua";

inline constexpr std::string_view kCompare = R"lua(
local n, t, answer = ARGV[1], tonumber(ARGV[2]), {}
for i = 1, #KEYS, 2 do
  local hash, at = KEYS[i], 3 + (i - 1) / 2 * 5
  local epoch, offset, body = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local meta = redis.call('HMGET', hash, 'e', 'o', 'l')
  local top, verdict = tonumber(meta[2] or '0'), -1
  if not meta[1] then
    -- Whoever holds the longest tail must begin, because nothing can be put in front of a stream
    -- that is there. So all nodes leave a note of where theirs begins.
    local key, first = hash .. ':first', ARGV[at + 4]
    local longest = redis.call('GET', key)
    if not longest or tonumber(first) < tonumber(longest) then
      redis.pcall('SET', key, first, 'PX', 60000)
    end
    verdict = -2
  elseif meta[1] == epoch and tonumber(meta[3] or '0') >= t then
    if top < tonumber(offset) then
      verdict = top
    else
      local entry = body ~= '' and redis.call('XRANGE', KEYS[i + 1], offset, offset)[1]
      if entry and entry[2][2] ~= body then
        redis.call('HSET', hash, 'e', ARGV[at + 3])
        verdict = -3
      end
      -- A full memory must not keep a node away that has nothing to put back.
      if meta[3] ~= n then redis.pcall('HSET', hash, 'l', n) end
    end
  end
  answer[#answer + 1] = verdict
end
return answer
)lua";

inline constexpr std::string_view kPutBack = R"lua(
local hash, stream, epoch, first = KEYS[1], KEYS[2], ARGV[3], tonumber(ARGV[10])
local format, call = string.format, redis.call
local count = (#ARGV - 11) / 2
local meta = call('HMGET', hash, 'e', 'o', 'l')
local top = tonumber(meta[2] or '0')
if not meta[1] then
  -- n = t: the life is settled, and something is gone for good. Others have used the channel since,
  -- or will under a new epoch: a late tail would be put in the middle of it.
  if ARGV[1] == ARGV[2] then return -1 end
  local longest = call('GET', hash .. ':first')
  if longest and tonumber(longest) < first and ARGV[11] == '0' then return -1 end
  call('DEL', stream, stream .. ':w', hash .. ':first')
  top = first - 1
elseif meta[1] ~= epoch or tonumber(meta[3] or '0') < tonumber(ARGV[2]) then
  return -1
end
local has_stream = call('EXISTS', stream) == 1
if has_stream and first > top + 1 then
  if ARGV[11] == '0' then return -1 end
  -- What is in between is gone for good. The life is not settled, so nobody has published since: a
  -- new epoch now comes before any offset is given a second time.
  call('HSET', hash, 'e', ARGV[4], 'l', ARGV[1])
  return -4
end

local stored = {}
if has_stream and first <= top and count > 0 then
  local range = call('XRANGE', stream, format('%.0f', first), format('%.0f', first + count - 1))
  for _, entry in ipairs(range) do stored[entry[1]] = entry[2][2] end
end
for i = 1, count do
  local body = stored[format('%.0f-0', first + i - 1)]
  if body and body ~= ARGV[11 + 2 * i] then
    call('HSET', hash, 'e', ARGV[4], 'l', ARGV[1])
    return -3
  end
end

local added, key = 0, 2
for i = 1, count do
  local offset, has_id = first + i - 1, ARGV[10 + 2 * i] == '1'
  if has_id then key = key + 1 end
  if not has_stream or offset > top then
    local text = format('%.0f', offset)
    call('XADD', stream, 'MAXLEN', '~', ARGV[8], text .. '-0', 'b', ARGV[11 + 2 * i])
    if has_id then call('SET', KEYS[key], text .. ':' .. epoch, 'PX', ARGV[9]) end
    added = added + 1
  end
end
top = math.max(top, first + count - 1)
call('HSET', hash, 'e', epoch, 'o', format('%.0f', top), 'l', ARGV[1], 'x', ARGV[5])
local ttl = tonumber(ARGV[6])
if top == 0 then
  ttl = tonumber(ARGV[7])
  call('PEXPIRE', hash, format('%.0f', ttl + ttl / 8))
elseif ttl == 0 then
  call('PERSIST', hash)
else
  call('PEXPIRE', stream, format('%.0f', ttl + ttl / 8))
  call('PEXPIRE', hash, format('%.0f', ttl + ttl / 4))
end
return {top, added}
)lua";

}  // namespace chirm::model::before_counted_leases
