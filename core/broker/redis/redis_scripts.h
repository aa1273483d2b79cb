// SPDX-License-Identifier: MIT
#pragma once
// The Lua of channels, which runs inside Redis, where it is atomic. Private to core/broker.
//
// A channel has two keys, one more when something was rewritten, and two for the message ids that
// are remembered. The braces put them all into the same hash slot of a Redis cluster:
//
//   <prefix>:{<channel>}:m   hash   e  epoch
//                                   o  newest offset
//                                   x  when a publish set the keys' times to live (Unix ms)
//                                   y  when a read set the hash's
//                                   l  the store's life (redis_life_scripts.h) in which the epoch
//                                      was last found true; absent: 0
//                                   w  how many publications were rewritten; absent: 0
//                                   v  the life in which one was last rewritten; absent: 0
//                                   a  its ancestors (position.h), newest first:
//                                      `<epoch>:<offset> <epoch>:<offset> …`; absent: none. Cut off
//                                      at 200 bytes: a number that has lost digits is a smaller
//                                      one, up to which they are the same as well
//   <prefix>:{<channel>}:s   stream <offset>-0 → b: body, k: the field of its message id in `:m:i`,
//                                   if the body does not say that id
//   <prefix>:{<channel>}:s:w hash   <offset> → the body that took the place of the stream's;
//                                   outlives the stream
//   <prefix>:{<channel>}:m:i hash  <size of the user's name>:<user><message id> → <offset>:<epoch>
//                                   of the first publication with that message id; '' → when the
//                                   period of these began, by the store's clock (ms,
//                                   redis_life_scripts.h); - → a long text
//   <prefix>:{<channel>}:m:j hash   the same of the period before this one
//
// and, when a store came back without the hash, for up to a minute (kCompare in
// redis_life_scripts.h):
//
//   <prefix>:{<channel>}:m:first  string  lowest offset in any node's tail: its holder puts it back
//
// The stream never outlives the hash: without the hash the numbering is unknown. The hash lives for
// a day at least (BrokerSettings::kNumberingMs) after the channel was used or followed: nodes see
// to those that they follow (RedisSubscriptions). So when the stream's time is over, the numbering
// goes on, and who has seen everything has missed nothing.
//
// A message id is remembered for its ttl at least, by the store's clock: it goes when the period
// after its own is over (message_ids_period_ms()). Redis' own clock deletes the ids of channels
// that have been silent for a day, so it may be set by as much as that.
//
// Publishing and reading begin by deciding whether the numbering can be trusted. It cannot
//   - when the hash is missing;
//   - when its newest offset is below one that this node has seen used in the same epoch: then
//     Redis came back without its newest writes;
//   - when something may be gone that no node can give back: then the channel's life is older than
//     the first one to be trusted.
// Then the epoch changes, so that nobody takes new publications for old ones of the same offset.
// What is still there is the beginning of what was there, so the old epoch becomes an ancestor, up
// to here.
// There is one exception: when the hash is missing, the channel was empty when this node last heard
// of it, and Redis has never lost anything, then no offset was ever given, and the epoch stays.
// A node that has not heard yet that another life has begun is refused where that has got to, also
// when it rewrites: what it would do might be undone, or be done twice. The error names that life.
// Entries that are still there stay readable under the new epoch, and the numbering goes on behind
// them.

#include <string_view>

namespace chirm::redis_scripts {

// Stores the publications of one call, and announces them with one message, that of
// redis_bus_message.h.
//
// KEYS  1 hash  2 stream
// ARGV  1 known epoch  2 known offset  3 epoch to use if a new one is needed  4 now (Unix ms)
//       5 first life to be trusted  6 the life that this node has arrived in
//       7 time to live (ms, 0: for ever)  8 topic  9 history size
//       10 message ids' ttl (ms)  11… for each publication "" or the field of its message id, after
//       a `+` if the body does not say that id, and its body; and at last, if any has one, when the
//       message ids' period began
// Answers {epoch, …}: for each publication its offset, or "<offset>:<epoch>" when it is a
// repetition. Just the offset when there is a single one that is no repetition, and the epoch is
// the known one.
//
// Redis' CPU for a publication of 200 bytes, its sockets and one subscriber included, Redis 7.0.15
// on two busy cores, 2026-11, with a key for each message id: alone in its call 11 us, with a
// message id 13-17 us; in a busy channel, where a call carries 8, 4 and 7-9 us (bench/run script).
// Since then by instructions, see docs/benchmarks.md. A message id also costs
// 110-130 bytes; a key with a time to live for each would take 60 more, and one more write when it
// is over. An array as the answer to a single publication would add 1 us. Setting the time to live
// each time would add 2.5 us a call.
inline constexpr std::string_view kPublish = R"lua(
local hash, stream = KEYS[1], KEYS[2]
-- Numbers up to 2^53 are exact in Lua, but only %.0f writes them all out.
local format, call = string.format, redis.call
-- With message ids, the arguments are an odd number.
local has_ids = #ARGV % 2 == 1
local meta = call('HMGET', hash, 'e', 'o', 'x', 'l')
-- Texts are compared first, as numbers cost more.
local life = meta[4] or '0'
if life ~= '0' and life ~= ARGV[6] and tonumber(life) > tonumber(ARGV[6]) then
  return redis.error_reply('ERR another life has begun: ' .. life)
end
local epoch, top, ancestors = meta[1], tonumber(meta[2] or '0'), nil
if not epoch and ARGV[1] ~= '' and ARGV[2] == '0' and ARGV[5] == '0' then
  epoch = ARGV[1]
elseif not epoch then
  epoch = ARGV[3]
elseif (epoch == ARGV[1] and top < tonumber(ARGV[2])) or
    (life ~= ARGV[5] and tonumber(life) < tonumber(ARGV[5])) then
  ancestors = (epoch .. ':' .. format('%.0f', top) .. ' ' .. (call('HGET', hash, 'a') or ''))
  epoch = ARGV[3]
end

local ids, old_ids
if has_ids then
  ids, old_ids = hash .. ':i', hash .. ':j'
  local period, held = ARGV[#ARGV], call('HGET', hash .. ':i', '')
  if held ~= period then
    local ttl, age = tonumber(ARGV[10]), held and tonumber(period) - tonumber(held) or 0
    local is_over = held and age >= ttl
    -- Behind by days is another clock (a store without a life, a life that was deleted). By less it
    -- is a node that has not heard of the period.
    if not held or is_over or age < -2 * ttl - 86400000 then
      if is_over then
        call('UNLINK', old_ids)
        -- Where the ttl was changed, ids may be younger than their period says.
        if age >= 4 * ttl + 10000 then call('UNLINK', ids) else call('RENAME', ids, old_ids) end
      end
      -- In a hash with so long a value, Redis does not search one field after the other.
      call('HSET', ids, '', period, '-', ('-'):rep(99))
      call('PEXPIRE', ids, format('%.0f', 3 * ttl + 86400000))
    end
  end
end

local answer, bodies = {epoch}, nil
local first, first_top = nil, top
for i = 11, #ARGV - 1, 2 do
  local body, id, apart, stored = ARGV[i + 1], ARGV[i], nil, false
  local offset = format('%.0f', top + 1)
  if id == '' then
    id = nil
  else
    if id:byte() == 43 then  -- '+'
      id = id:sub(2)
      apart = id
    end
    if call('HSETNX', ids, id, offset .. ':' .. epoch) == 0 then
      stored = call('HGET', ids, id)
    else
      stored = call('HGET', old_ids, id)
      if stored then call('HDEL', ids, id) end
    end
  end
  if stored then
    answer[#answer + 1] = stored
  else
    local added
    if apart then
      added = redis.pcall('XADD', stream, 'MAXLEN', '~', ARGV[9], offset .. '-0', 'b', body,
        'k', apart)
    else
      added = redis.pcall('XADD', stream, 'MAXLEN', '~', ARGV[9], offset .. '-0', 'b', body)
    end
    if type(added) == 'table' and added.err then
      -- Either Redis takes no writes now, for example because its memory is full: then this error
      -- comes with the first publication, before anything was written. Or the stream is ahead of
      -- the hash, which lost its newest writes while the stream did not: it is of another life, and
      -- goes.
      if id then call('HDEL', ids, id) end
      if first or not added.err:find('equal or smaller', 1, true) then return added end
      call('DEL', stream)
      call('HDEL', hash, 'a')
      epoch, top, first_top, offset, ancestors = ARGV[3], 0, 0, '1', nil
      if id then call('HSET', ids, id, '1:' .. epoch) end
      call('XADD', stream, '1-0', 'b', body, 'k', apart or '')
    end
    top = top + 1
    answer[#answer + 1] = top
    local key_part = apart and ',' .. #apart .. ':' .. apart or ':'
    if first then
      bodies[#bodies + 1] = #body .. key_part
      bodies[#bodies + 1] = body
    else
      first, bodies = offset, {offset .. ':' .. epoch .. ':' .. #body .. key_part .. body}
    end
  end
end

if first then
  local ttl = tonumber(ARGV[7])
  if first_top == 0 then call('DEL', stream .. ':w') end
  if epoch == meta[1] then
    call('HSET', hash, 'o', format('%.0f', top))
  else
    call('HSET', hash, 'e', epoch, 'o', format('%.0f', top), 'l', ARGV[5])
    if ancestors then call('HSET', hash, 'a', ancestors:sub(1, 200)) end
  end
  if ttl == 0 then
    if first_top == 0 then call('PERSIST', hash) end
  elseif first_top == 0 or math.abs(tonumber(ARGV[4]) - tonumber(meta[3] or '0')) > ttl / 8 then
    call('HSET', hash, 'x', ARGV[4])
    call('PEXPIRE', stream, format('%.0f', ttl + ttl / 8))
    call('PEXPIRE', hash, format('%.0f', math.max(ttl + ttl / 4, 86400000)))
    call('PEXPIRE', stream .. ':w', format('%.0f', ttl + ttl / 4))
  end
  call('PUBLISH', ARGV[8], bodies[2] and table.concat(bodies) or bodies[1])
  if #ARGV <= 13 and epoch == ARGV[1] then return top end
end
answer[1] = epoch
return answer
)lua";

// Reads a channel's position and entries of its log, with the bodies that took the place of others.
//
// KEYS  1 hash  2 stream
// ARGV  1-6 as above  7 time to live of a channel's numbering, when it is used (ms)
//       8 XRANGE or XREVRANGE  9 from  10 to  11 at most this many entries
//       12 none is added to entries whose bodies have so many bytes together
// Answers {offset, epoch, entries, how many were rewritten, ancestors}; an entry that was rewritten
// has a field `w`. Writes only when the
// channel needs an epoch, or when the numbering's time to live is to begin anew: at most once in an
// eighth of it.
inline constexpr std::string_view kRead = R"lua(
local hash, stream = KEYS[1], KEYS[2]
local meta = redis.call('HMGET', hash, 'e', 'o', 'y', 'l', 'w', 'a')
if tonumber(meta[4] or '0') > tonumber(ARGV[6]) then
  return redis.error_reply('ERR another life has begun: ' .. meta[4])
end
local epoch, top = meta[1], tonumber(meta[2] or '0')
if not epoch then
  local had_stream = redis.call('DEL', stream) == 1
  redis.call('DEL', stream .. ':w')
  local was_empty = ARGV[1] ~= '' and ARGV[2] == '0' and ARGV[5] == '0' and not had_stream
  epoch = was_empty and ARGV[1] or ARGV[3]
  redis.call('HSET', hash, 'e', epoch, 'o', '0', 'l', ARGV[5])
elseif (epoch == ARGV[1] and top < tonumber(ARGV[2])) or
    tonumber(meta[4] or '0') < tonumber(ARGV[5]) then
  meta[6] = (epoch .. ':' .. string.format('%.0f', top) .. ' ' .. (meta[6] or '')):sub(1, 200)
  epoch = ARGV[3]
  redis.call('HSET', hash, 'e', epoch, 'l', ARGV[5], 'a', meta[6])
end

-- Never shortened: a hash that was there and has no time to live is to stay. A Redis that takes no
-- writes now is read all the same.
local ttl = tonumber(ARGV[7])
if math.abs(tonumber(ARGV[4]) - tonumber(meta[3] or '0')) > ttl / 8 then
  redis.pcall('HSET', hash, 'y', ARGV[4])
  ttl = string.format('%.0f', ttl + ttl / 8)
  if meta[1] then
    redis.pcall('PEXPIRE', hash, ttl, 'GT')
  else
    redis.pcall('PEXPIRE', hash, ttl)
  end
end

local entries, from, left, bytes_left = {}, ARGV[9], tonumber(ARGV[11]), tonumber(ARGV[12])
while left > 0 and bytes_left > 0 do
  local count = math.min(left, 64)
  local some = redis.call(ARGV[8], stream, from, ARGV[10], 'COUNT', count)
  for i = 1, #some do
    if bytes_left <= 0 then break end
    if meta[5] then
      local body = redis.call('HGET', stream .. ':w', some[i][1]:match('^%d+'))
      if body then
        local fields = some[i][2]
        fields[2], fields[#fields + 1], fields[#fields + 2] = body, 'w', '1'
      end
    end
    entries[#entries + 1] = some[i]
    bytes_left = bytes_left - #some[i][2][2]
  end
  left = #some == count and left - count or 0
  if left > 0 then from = '(' .. some[count][1] end
end
return {top, epoch, entries, tonumber(meta[5] or '0'), meta[6] or ''}
)lua";

// Rewrites a publication, and announces that. Entries of a stream cannot be changed, so the new
// body is put into a hash beside it, which reading looks at.
//
// KEYS  1 hash  2 stream
// ARGV  1 offset  2 its epoch, or ""  3 the body that is to be replaced, or ""  4 the new one
//       5 topic  6 time to live (ms, 0: for ever)  7 the life that this node has arrived in
//       8 epoch to use if a new one is needed  9 first life to be trusted
// Answers 1 when it is done (also when it had been done before), 0 when there is no such
// publication, -1 when its body is another one. The message is that of redis_bus_message.h.
inline constexpr std::string_view kRewrite = R"lua(
local hash, stream, overlay, call = KEYS[1], KEYS[2], KEYS[2] .. ':w', redis.call
local offset, ttl = ARGV[1], tonumber(ARGV[6])
local meta = call('HMGET', hash, 'e', 'a', 'l')
if tonumber(meta[3] or '0') > tonumber(ARGV[7]) then
  return redis.error_reply('ERR another life has begun: ' .. meta[3])
end
local epoch, entry = meta[1], call('XRANGE', stream, offset, offset)[1]
if not epoch or not entry then return 0 end
if ARGV[2] ~= '' and ARGV[2] ~= epoch then
  local is_ancestor, same = false, math.huge
  for old, last in (meta[2] or ''):gmatch('(%S+):(%d+)') do
    same = math.min(same, tonumber(last))
    is_ancestor = is_ancestor or (old == ARGV[2] and tonumber(offset) <= same)
  end
  if not is_ancestor then return 0 end
end
local body = call('HGET', overlay, offset) or entry[2][2]
if body == ARGV[4] then return 1 end
if ARGV[3] ~= '' and ARGV[3] ~= body then return -1 end
if tonumber(meta[3] or '0') < tonumber(ARGV[9]) then
  -- Rewrites may be gone as well: the next ones are not to be taken for those.
  local text = epoch .. ':' .. call('HGET', hash, 'o') .. ' ' .. (meta[2] or '')
  epoch = ARGV[8]
  call('HSET', hash, 'e', epoch, 'l', ARGV[9], 'a', text:sub(1, 200))
end
call('HSET', hash, 'v', ARGV[7])
call('HSET', overlay, offset, ARGV[4])
local count = call('HINCRBY', hash, 'w', 1)
if ttl == 0 then
  call('PERSIST', overlay)
else
  call('PEXPIRE', overlay, string.format('%.0f', ttl + ttl / 4))
end
if count % 64 == 0 then
  -- Now and then, what the stream has trimmed goes from the hash as well.
  local first = tonumber(call('XRANGE', stream, '-', '+', 'COUNT', 1)[1][1]:match('^%d+'))
  for _, one in ipairs(call('HKEYS', overlay)) do
    if tonumber(one) < first then call('HDEL', overlay, one) end
  end
end
call('PUBLISH', ARGV[5], 'r' .. offset .. ':' .. count .. ':' .. epoch .. ':' .. ARGV[4])
return 1
)lua";

}  // namespace chirm::redis_scripts
