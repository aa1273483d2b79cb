// SPDX-License-Identifier: MIT
#pragma once
// The Lua that nodes run when a Redis has come back, or another has taken its place, before they
// use it (redis_life.h says what a life and a lease are). Private to core/broker.
//
// Two keys. No wall clock is looked at: neither a step of Redis' time nor one of a node's
// changes anything.
//
//   <prefix>:nodes  sorted set   node → its lease
//   <prefix>:life   hash
//     id       which process this data lives in, and since which promotion
//     n        the number of this life: 1, 2, 3 …
//     t        the first life whose numbering is trusted: a channel that was last found true in an
//              older life gets a new epoch when it is touched
//     b        the newest lease: each renewal is the next number, through all lives
//     c        the store's clock, µs: for how long nodes have used it, but for pauses. With each
//              renewal a node adds the time since its last one, by its monotonic clock, divided by
//              how many nodes there are: so it hardly ever runs faster than time does
//     end:<n>  of the last lives before this one: `<its id> <the newest lease that this data has of
//              it>`
//     is_open  1 when the life is settled, that is, may be used
//     state, missing   how it was settled (see below), and without which nodes
//   and while it is being settled
//     is_new   1 when there was no life before it
//     proven   1 when a node has found its lease
//     lossy    1 when a node knows of a write that is gone
//     for each node one of
//       w:<node>   it has not come yet, and is waited for
//       a:<node>   it has come, and is comparing its channels
//       p:<node>   it has compared; some of what it holds does not fit yet, and has been tried
//                  again in vain so often
//       d:<node>   it is done
//
// Redis' persistence and its replication both keep a prefix of what was written, and so does a copy
// of its files that is restored: when something is there, all that was written before it is there,
// too. So a node that finds its last lease knows that nothing older is gone; and what is younger is
// in the memory of the nodes that follow the channel. A lease is found when it is not newer than
// the newest of its life that the data has. That gives these ways for a life to be settled:
//
//   state 0  all nodes came, and each found its lease. Every epoch stays (t as it was). So it is
//            in a store that never had a life, as it has nothing.
//   state 1  all came, but a lease was gone. What a node has compared is true, unless it was to get
//            a new epoch anyway; all other channels get one when they are touched (t = n).
//   state 2  a node is missing that may hold more than the store and the others have. Every channel
//            gets a new epoch when it is touched (n grows by 1, and t = n).
//   state 3  all who came remember nothing, or were without Redis for long: nobody can tell whether
//            this is all that there was. As state 2.
//
// New epochs name those that they follow, so that only who has seen what is gone must be told so
// (redis_scripts.h). A node that comes to a settled life, and whose lease is not found, begins
// another one: the store was settled by nodes that did not know what this one knows.

#include <string_view>

namespace chirm::redis_scripts {

// A node says that it is here. The first one to come to a Redis that is another one than before
// begins a new life, and notes who is to be waited for: the nodes that had a lease.
//
// KEYS  1 life  2 nodes
// ARGV  1 the process (run_id)  2 its promotion, "" when none is known  3 this node
//       4 its last lease (0: none)  5 the id and 6 the n of the life that it is of  7 the newest n
//       and 8 t that it knows  9 so many renewals without one of its own, and a lease is over
//       10 1 when its lease proves nothing: it has been without Redis for long
//       11… the nodes that it knows
// Answers {n, t, 1 unless all is settled, id, c in ms}.
inline constexpr std::string_view kArrive = R"lua(
local life, nodes, me, lease = KEYS[1], KEYS[2], ARGV[3], tonumber(ARGV[4])
local call, format = redis.call, string.format
local held = call('HMGET', life, 'id', 'n', 't', 'is_open', 'b', 'until', 'c')
local n, t, newest = tonumber(held[2] or '0'), tonumber(held[3] or '0'), tonumber(held[5] or '0')
local clock = math.floor(tonumber(held[7] or '0') / 1000)
local id = ARGV[1] .. ARGV[2]
-- Redis forgets its promotion when an idle backlog is freed: that alone begins no new life.
if ARGV[2] == '' and held[1] and held[1]:sub(1, #id) == id then id = held[1] end

local is_found = lease == 0
if held[1] == ARGV[5] and held[2] == ARGV[6] then
  is_found = is_found or lease <= newest
else
  local of, last = (call('HGET', life, 'end:' .. ARGV[6]) or ''):match('^(%S+) (%d+)$')
  is_found = is_found or (of == ARGV[5] and lease <= tonumber(last))
end

-- A node that knows a later life than this Redis does has used another one meanwhile.
local is_another = held[1] ~= id or n < tonumber(ARGV[7])
-- One of chirm 0.1, whose leases were times.
if not held[4] or held[6] then
  is_another = true
  call('DEL', nodes)
end
if not is_another and held[4] == '1' then
  if is_found then return {n, t, 0, id, clock} end
  is_another = true
end
if is_another then
  -- Those whose lease had not run out when the newest one was written are waited for.
  local span = tonumber(ARGV[9]) * call('ZCARD', nodes)
  local known = call('ZRANGEBYSCORE', nodes, format('(%.0f', newest - span), '+inf')
  for _, field in ipairs(call('HKEYS', life)) do
    local of = tonumber(field:match('^end:(%d+)$'))
    if field ~= 'c' and (not of or of <= n - 64) then call('HDEL', life, field) end
  end
  call('DEL', nodes)
  if held[1] then
    call('HSET', life, 'end:' .. held[2], held[1] .. ' ' .. format('%.0f', newest))
  else
    call('HSET', life, 'is_new', 1)
  end
  n, t = math.max(n, tonumber(ARGV[7])) + 1, math.max(t, tonumber(ARGV[8]))
  call('HSET', life, 'id', id, 'n', n, 't', t, 'b', format('%.0f', newest), 'is_open', 0)
  for _, name in ipairs(known) do call('HSET', life, 'w:' .. name, 1) end
end

if lease > 0 then
  if not is_found then
    -- The numbering of leases goes on behind all that any node was given.
    if lease > newest then call('HSET', life, 'b', ARGV[4]) end
    call('HSET', life, 'lossy', 1)
  elseif ARGV[10] ~= '1' then
    call('HSET', life, 'proven', 1)
  end
  -- Whom this node knows the store need not know: they may have come behind what it has.
  for i = 11, #ARGV do
    local name = ARGV[i]
    local has = call('HMGET', life, 'a:' .. name, 'p:' .. name, 'd:' .. name)
    if not (has[1] or has[2] or has[3]) then call('HSET', life, 'w:' .. name, 1) end
  end
end
call('HDEL', life, 'w:' .. me, 'p:' .. me, 'd:' .. me)
call('HSET', life, 'a:' .. me, 1)
return {n, t, 1, id, clock}
)lua";

// A node that has compared its channels asks whether it may go on. Whoever asks when nobody is
// waited for any more settles the life for all.
//
// KEYS  1 life
// ARGV  1 id  2 n  3 this node, which has compared its channels  4 -1, or how often it has tried in
//       vain to put back what does not fit yet  5 how long it has been here (ms)  6 how long nodes
//       that are missing are waited for (ms)  7 … nodes of which nothing is known (ms)  8 for how
//       long nodes that have come are waited for beyond those that have not (ms)
// Answers {how many other nodes have not compared yet, the fewest tries of any other one with
// something that does not fit, -1: there is none} while nodes are waited for, then {n, t, state,
// missing nodes}.
inline constexpr std::string_view kSettle = R"lua(
local life, me, is_partial, here_ms = KEYS[1], ARGV[3], ARGV[4] ~= '-1', tonumber(ARGV[5])
local held = redis.call('HMGET', life, 'id', 'n', 't', 'is_open', 'lossy', 'state', 'missing',
  'proven', 'is_new')
if held[1] ~= ARGV[1] then return redis.error_reply('ERR another life has begun') end
local n, t, state = tonumber(held[2]), tonumber(held[3]), 0
-- A life that was settled without a node has a higher number than that node was told.
if held[4] == '1' then return {n, t, tonumber(held[6] or '0'), held[7] or ''} end
if held[2] ~= ARGV[2] then return redis.error_reply('ERR another life has begun') end
redis.call('HDEL', life, 'w:' .. me, 'a:' .. me, 'p:' .. me)
redis.call('HSET', life, (is_partial and 'p:' or 'd:') .. me, ARGV[4])

local missing, working, comparing, fewest, done = {}, {}, 0, -1, {}
for _, field in ipairs(redis.call('HKEYS', life)) do
  local kind = field:sub(1, 2)
  if kind == 'w:' then
    missing[#missing + 1] = field:sub(3)
  elseif kind == 'a:' then
    comparing = comparing + 1
  elseif kind == 'p:' and field ~= 'p:' .. me then
    local tries = tonumber(redis.call('HGET', life, field))
    fewest = fewest < 0 and tries or math.min(fewest, tries)
  end
  if kind == 'a:' or kind == 'p:' then working[#working + 1] = field:sub(3) end
  if kind:sub(2) == ':' then done[#done + 1] = field end
end
-- Who has come is given more time than who has not: it is at work on what it holds.
local waits_for = here_ms < tonumber(ARGV[6]) and #missing or 0
local is_nobody_known = not (held[5] or held[8])
if is_nobody_known and here_ms < tonumber(ARGV[7]) then waits_for = waits_for + 1 end
if #working > 0 and here_ms < tonumber(ARGV[6]) + tonumber(ARGV[8]) then
  return {waits_for + comparing, fewest}
end
if waits_for > 0 then return {waits_for, fewest} end
-- Nobody is waited for any more. Those who have not finished in time count as missing.
for _, name in ipairs(working) do missing[#missing + 1] = name end
local is_unproven = not (held[5] or held[8] or held[9])
if #missing > 0 or is_unproven then
  n = n + 1
  t, state = n, #missing > 0 and 2 or 3
elseif held[5] then
  t, state = n, 1
end
for _, field in ipairs(done) do redis.call('HDEL', life, field) end
redis.call('HDEL', life, 'lossy', 'proven', 'is_new')
local names = table.concat(missing, ' ')
redis.call('HSET', life, 'n', n, 't', t, 'is_open', 1, 'state', state, 'missing', names)
return {n, t, state, names}
)lua";

// Renews a lease, and forgets those that have run out. When somebody has deleted the life
// (FLUSHALL), it is put back, so that the end of this life is noticed. An error when another life
// has begun while this connection lasted.
//
// KEYS  1 life  2 nodes
// ARGV  1 id  2 this node  3 n  4 t  5 its last lease (0: none)  6 so many renewals without one of
//       its own, and a lease is over  7 the time since its last renewal (ms)  8 the c that it knows
//       (ms)
// Answers {the lease, c in ms, the nodes that have a lease …}.
inline constexpr std::string_view kLease = R"lua(
local life, nodes, format = KEYS[1], KEYS[2], string.format
local held = redis.call('HMGET', life, 'id', 'n')
if not held[1] then
  redis.call('HSET', life, 'id', ARGV[1], 'n', ARGV[3], 't', ARGV[4], 'b', ARGV[5], 'is_open', 1,
    'c', format('%.0f', tonumber(ARGV[8]) * 1000))
elseif held[1] ~= ARGV[1] or held[2] ~= ARGV[3] then
  return redis.error_reply('ERR another life has begun')
end
local lease = redis.call('HINCRBY', life, 'b', 1)
redis.call('ZADD', nodes, format('%.0f', lease), ARGV[2])
-- All renew equally often: so many renewals of each are so much time.
local count = redis.call('ZCARD', nodes)
local span = tonumber(ARGV[6]) * count
redis.call('ZREMRANGEBYSCORE', nodes, '-inf', format('%.0f', lease - span))
local elapsed = format('%.0f', math.floor(tonumber(ARGV[7]) * 1000 / count))
local clock = redis.call('HINCRBY', life, 'c', elapsed)
local answer = redis.call('ZRANGEBYSCORE', nodes, '-inf', '+inf', 'LIMIT', 0, 256)
table.insert(answer, 1, lease)
table.insert(answer, 2, math.floor(clock / 1000))
return answer
)lua";

// What the store has of channels that a node follows.
//
// KEYS  for each channel its hash and its stream (redis_scripts.h)
// ARGV  1 n  2 t, and for each channel: known epoch, known offset, epoch to use if a new one is
//       needed, offset of the first publication that this node holds, offset of the last one that
//       was not rewritten (0: it holds none) and its body
// Answers for each: -1 nothing to do, -2 it has to be found out who begins, -3 another publication
// is at the last offset, so that the epoch has changed; or its newest offset, which is below the
// known one.
inline constexpr std::string_view kCompare = R"lua(
local n, answer = ARGV[1], {}
for i = 1, #KEYS, 2 do
  local hash, stream, at = KEYS[i], KEYS[i + 1], 3 + (i - 1) / 2 * 6
  local epoch, offset, first, newest = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 3], ARGV[at + 4]
  local meta = redis.call('HMGET', hash, 'e', 'o', 'l')
  local top, verdict = tonumber(meta[2] or '0'), -1
  local is_far = top < offset and top + 1 < tonumber(first)
  if not meta[1] or
      (meta[1] == epoch and is_far and redis.call('EXISTS', stream) == 0) then
    -- Whoever holds the longest tail must begin, because nothing can be put in front of a stream
    -- that is there. So all nodes that hold something leave a note of where theirs begins.
    local key = hash .. ':first'
    local longest = redis.call('GET', key)
    if tonumber(first) <= offset and (not longest or tonumber(first) < tonumber(longest)) then
      redis.pcall('SET', key, first, 'PX', 60000)
    end
    verdict = -2
  elseif meta[1] == epoch then
    if top < offset then
      verdict = top
    else
      local entry = newest ~= '0' and redis.call('XRANGE', stream, newest, newest)[1]
      -- What this node does not know to be rewritten it has as it was, or as it is.
      if entry and entry[2][2] ~= ARGV[at + 5] and
          redis.call('HEXISTS', stream .. ':w', newest) == 0 then
        -- Nobody knows from where on: no position of the old epoch means anything.
        redis.call('HSET', hash, 'e', ARGV[at + 2])
        redis.call('HDEL', hash, 'a')
        verdict = -3
      end
    end
    -- What was last found true before the first life to be trusted stays so: it gets a new epoch
    -- when it is touched. Until then nobody has published, so what is missing can be put back.
    -- A full memory must not keep a node away that has nothing to put back.
    local found = tonumber(meta[3] or '0')
    if verdict < 0 and found >= tonumber(ARGV[2]) and found < tonumber(n) then
      redis.pcall('HSET', hash, 'l', n)
    end
  end
  answer[#answer + 1] = verdict
end
return answer
)lua";

// Puts a part of a channel's tail back: what the store does not have of it, provided that it
// follows what the store has, and that what both have is the same. What the store has had, and does
// not have any more, has expired. It may be repeated, and several nodes may do it at once: what is
// there already is left alone.
//
// KEYS  1 hash  2 stream
// ARGV  1 n  2 t  3 epoch  4 epoch to use if a new one is needed  5 now (Unix ms)
//       6 time to live (ms, 0: for ever)  7 … of a channel without publications  8 history size
//       9 message ids' ttl (ms)  10 offset of the first publication, or the one behind the newest
//       when there are none  11 the newest offset that this node knows of  12 1 at the last try
//       13 the life in which a channel counts as found true of which the store has nothing
//       14 when the message ids' period began; 0 if none are remembered  15… for each publication 1
//       if it was rewritten, else 0, its message id as kPublish gets it, and its body
// Answers {newest offset, publications put back}; or -1 when the part does not fit, -3 as above,
// and -4 when it does not fit at the last try, so that the epoch has changed.
inline constexpr std::string_view kPutBack = R"lua(
local hash, stream, epoch, first = KEYS[1], KEYS[2], ARGV[3], tonumber(ARGV[10])
local format, call = string.format, redis.call
local count, known, is_last = (#ARGV - 14) / 3, tonumber(ARGV[11]), ARGV[12] == '1'
local meta = call('HMGET', hash, 'e', 'o', 'l', 'a')
local top, life = tonumber(meta[2] or '0'), ARGV[1]
local has_stream = meta[1] and call('EXISTS', stream) == 1
-- Nobody has published since: a new epoch now comes before any offset is given a second time.
local function give_up_rest()
  local text = format('%.0f', top)
  call('HSET', hash, 'e', ARGV[4], 'o', text, 'l', life, 'a',
    (epoch .. ':' .. text .. ' ' .. (meta[4] or '')):sub(1, 200))
  return -4
end
if not meta[1] then
  life = ARGV[13]
  call('DEL', stream, stream .. ':w')
elseif meta[1] ~= epoch then
  return -1
elseif tonumber(meta[3] or '0') < tonumber(ARGV[2]) then
  life = meta[3] or '0'  -- it gets a new epoch when it is touched, and still will
end
if has_stream and first > top + 1 then
  -- At last, what is in between is gone for good.
  return is_last and give_up_rest() or -1
end
if not has_stream and first > top + 1 then
  -- How far it had got says nothing to those who hold publications: who holds none waits for them.
  local longest = call('GET', hash .. ':first')
  if longest and not is_last and (count == 0 or tonumber(longest) < first) then return -1 end
  top = first - 1
end
call('DEL', hash .. ':first')

local stored = {}
if has_stream and first <= top and count > 0 then
  local range = call('XRANGE', stream, format('%.0f', first), format('%.0f', first + count - 1))
  for _, entry in ipairs(range) do stored[entry[1]] = entry[2][2] end
end
for i = 1, count do
  local offset = format('%.0f', first + i - 1)
  local body = ARGV[12 + 3 * i] == '0' and stored[offset .. '-0']
  if body and body ~= ARGV[14 + 3 * i] and call('HEXISTS', stream .. ':w', offset) == 0 then
    call('HSET', hash, 'e', ARGV[4], 'l', life)
    call('HDEL', hash, 'a')
    return -3
  end
end

local added, ids = 0, nil
for i = 1, count do
  local offset, id, body = first + i - 1, ARGV[13 + 3 * i], ARGV[14 + 3 * i]
  if offset > top then
    local text, apart = format('%.0f', offset), id:match('^%+(.*)$')
    if apart then
      call('XADD', stream, 'MAXLEN', '~', ARGV[8], text .. '-0', 'b', body, 'k', apart)
    else
      call('XADD', stream, 'MAXLEN', '~', ARGV[8], text .. '-0', 'b', body)
    end
    if id ~= '' then
      ids = hash .. ':i'
      call('HSET', ids, apart or id, text .. ':' .. epoch)
    end
    -- So that a node that does not know of it sees why its own is another one.
    if ARGV[12 + 3 * i] == '1' then call('HSET', stream .. ':w', text, body) end
    added = added + 1
  end
end
if ids then
  -- Older ids that are there stay for a period more: what is remembered for too long does no harm.
  if tonumber(ARGV[14]) > tonumber(call('HGET', ids, '') or '-1') then
    call('HSET', ids, '', ARGV[14], '-', ('-'):rep(99))
  end
  call('PEXPIRE', ids, format('%.0f', 3 * tonumber(ARGV[9]) + 86400000))
end
top = math.max(top, first + count - 1)
-- Nobody holds what follows, and only nodes that may be gone in a moment know that it was there.
if is_last and count <= 1 and added == 0 and top < known then return give_up_rest() end
call('HSET', hash, 'e', epoch, 'o', format('%.0f', top), 'l', life, 'x', ARGV[5])
local ttl = tonumber(ARGV[6])
if top == 0 then
  ttl = tonumber(ARGV[7])
  call('PEXPIRE', hash, format('%.0f', ttl + ttl / 8))
elseif ttl == 0 then
  call('PERSIST', hash)
else
  call('PEXPIRE', stream, format('%.0f', ttl + ttl / 8))
  call('PEXPIRE', hash, format('%.0f', math.max(ttl + ttl / 4, tonumber(ARGV[7]))))
  call('PEXPIRE', stream .. ':w', format('%.0f', ttl + ttl / 4))
end
return {top, added}
)lua";

// Puts back the rewrites of a channel that the store has lost. It may be repeated, and several
// nodes may do it at once.
//
// KEYS  1 hash  2 stream
// ARGV  1 the epoch in which they were made  2 time to live (ms, 0: for ever)  3 the number of the
//       last rewrite  4 1 at the last try  5 the life that this node was in when they were made
//       6 how many are given that have no number; they were made before those that have one
//       7… for each, first those without a number, then the others in order and up to the last one,
//       its offset and body
// Answers {how many were put back, how many are gone for good, 1 if there were others since}; or -1
// when the log is another one, or some are missing that another node may hold.
inline constexpr std::string_view kPutBackRewrites = R"lua(
local hash, overlay, call = KEYS[1], KEYS[2] .. ':w', redis.call
local last, is_last, unnumbered = tonumber(ARGV[3]), ARGV[4] == '1', tonumber(ARGV[6])
local meta = call('HMGET', hash, 'e', 'w', 'a', 'v')
-- So far the log is the one that was rewritten.
local same, is_found = math.huge, meta[1] == ARGV[1]
for old, top in (meta[3] or ''):gmatch('(%S+):(%d+)') do
  if not is_found then same, is_found = math.min(same, tonumber(top)), old == ARGV[1] end
end
if not is_found then return -1 end
local known, all = tonumber(meta[2] or '0'), (#ARGV - 6) / 2
local before, count = last - (all - unnumbered), 0
local function set(i, command)
  local offset, body = ARGV[5 + 2 * i], ARGV[6 + 2 * i]
  if tonumber(offset) > same or call('HGET', overlay, offset) == body then return end
  local added = call(command, overlay, offset, body)
  count = count + (command == 'HSET' and 1 or added)
end
local gone, others = math.max(0, before - known - unnumbered), 0
if tonumber(meta[4] or '0') > tonumber(ARGV[5]) then
  -- Others have gone on rewriting without those that this node knows, so the same numbers may mean
  -- different ones. Theirs are newer.
  for i = all, 1, -1 do set(i, 'HSETNX') end
  gone, others = 0, 1
  call('HSET', hash, 'w', string.format('%.0f', math.max(known, last) + 1))
elseif known > last or (known == last and not is_last) then
  -- It counts as if all were there, but whoever put them back may not have held all.
  for i = all, 1, -1 do set(i, 'HSETNX') end
  gone = 0
else
  if before > known and not is_last then return -1 end
  -- In order, so that the newest stays; at the last try also what the store seems to have: those in
  -- front may be another node's that held fewer.
  for i = 1, all do
    if is_last or before > known or before + i - unnumbered > known then set(i, 'HSET') end
  end
  call('HSET', hash, 'w', ARGV[3])
end
local ttl = tonumber(ARGV[2])
if count > 0 and ttl > 0 then
  call('PEXPIRE', overlay, string.format('%.0f', ttl + ttl / 4))
end
return {count, gone, others}
)lua";

}  // namespace chirm::redis_scripts
