// SPDX-License-Identifier: MIT
#pragma once
// The Lua that nodes run when a Redis has come back, or another has taken its place, before they
// use it (redis_life.h says what a life and a lease are). Private to core/broker.
//
// Two keys:
//
//   <prefix>:nodes  sorted set   node → when its lease was written, by Redis' clock (ms)
//   <prefix>:life   hash
//     id       which process this data lives in, and since which promotion
//     n        the number of this life: 1, 2, 3 …
//     t        the first life whose numbering is trusted: a channel that was last found true in an
//              older life gets a new epoch when it is touched
//     until    0 when the life is settled, that is, may be used; before, the time (ms) up to which
//              missing nodes are waited for
//     state, missing   how it was settled (see below), and without which nodes
//   and while it is being settled
//     beat     the newest lease that is known of
//     lossy    1 when a node knows of a write that is gone
//     for each node one of
//       w:<node>   it has not come yet, and is waited for
//       a:<node>   it has come, and is comparing its channels
//       p:<node>   it has compared; some of what it holds does not fit yet
//       d:<node>   it is done
//
// Redis' persistence and its replication both keep a prefix of what was written: when something is
// there, all that was written before it is there, too. So a node that finds its last lease knows
// that nothing older is gone; and what is younger is in the memory of the nodes that follow the
// channel. That gives three ways for a life to be settled:
//
//   state 0  all nodes came, and each found its lease. Every epoch stays (t as it was).
//   state 1  all came, but a lease was gone. What a node has compared is true; all other channels
//            get a new epoch when they are touched (t = n).
//   state 2  a node is missing, and Redis may have lost something that only that node knows of.
//            Every channel gets a new epoch when it is touched (n grows by 1, and t = n).

#include <string_view>

namespace chirm::redis_scripts {

// A node says that it is here. The first one to come to a Redis that is another one than before
// begins a new life, and notes who is to be waited for: the nodes that had a lease.
//
// KEYS  1 life  2 nodes
// ARGV  1 the process (run_id)  2 its promotion, "" when none is known  3 this node
//       4 its last lease (0: none)  5 the n and 6 the t that it knows
//       7 how long to wait for missing nodes (ms)  8 how long a lease lasts (ms)
//       9… the nodes that it knows
// Answers {n, t, 1 unless all is settled, id}.
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

// A node that has compared its channels asks whether it may go on. Whoever asks when nobody is
// waited for any more settles the life for all.
//
// KEYS  1 life
// ARGV  1 id  2 this node, which has compared its channels  3 1 if Redis may have lost something
//       4 1 if something that it holds does not fit yet  5 for how long nodes that have come are
//       waited for beyond those that have not (ms)
// Answers {how many other nodes have not compared yet, how many have something that does not fit}
// while nodes are waited for, then {n, t, state, missing nodes}.
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

// Renews a lease, and forgets those that have run out. When somebody has deleted the life
// (FLUSHALL), it is put back, so that the end of this life is noticed. An error when another life
// has begun while this connection lasted.
//
// KEYS  1 life  2 nodes
// ARGV  1 id  2 this node  3 n  4 t  5 how long a lease lasts (ms)
// Answers {the lease, the nodes that have one …}.
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

// What the store has of channels that a node follows.
//
// KEYS  for each channel its hash and its stream (redis_scripts.h)
// ARGV  1 n  2 t, and for each channel: known epoch, known offset, body at that offset or "", epoch
//       to use if a new one is needed, offset of the first publication that this node holds
// Answers for each: -1 nothing to do, -2 the hash is gone, -3 another publication is at the known
// offset, so that the epoch has changed; or its newest offset, which is below the known one.
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

// Puts a part of a channel's tail back: what the store does not have of it, provided that it
// follows what the store has, and that what both have is the same. It may be repeated, and several
// nodes may do it at once: what is there already is left alone.
//
// KEYS  1 hash  2 stream  3… message ids
// ARGV  1 n  2 t  3 epoch  4 epoch to use if a new one is needed  5 now (Unix ms)
//       6 time to live (ms, 0: for ever)  7 … of a channel without publications  8 history size
//       9 message ids' ttl (ms)  10 offset of the first publication, or the one behind the newest
//       when there are none  11 1: the last try  12… for each publication 1 if it has a message id,
//       else 0, and its body
// Answers {newest offset, publications put back}; or -1 when the part does not fit, -3 as above,
// and -4 when it does not fit at the last try, so that the epoch has changed.
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
  call('PEXPIRE', hash, format('%.0f', math.max(ttl + ttl / 4, tonumber(ARGV[7]))))
end
return {top, added}
)lua";

}  // namespace chirm::redis_scripts
