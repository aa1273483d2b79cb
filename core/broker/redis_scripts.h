// SPDX-License-Identifier: MIT
#pragma once
// The Lua that runs inside Redis, where it is atomic. Private to core/broker.
//
// A channel has two keys, and one more per remembered message id; the braces make them one hash
// slot of a cluster:
//
//   <prefix>:{<channel>}:m   hash   e  epoch
//                                   o  newest offset
//                                   x  when the keys' time to live was set (Unix ms)
//   <prefix>:{<channel>}:s   stream <offset>-0 → b: body
//   <prefix>:{<channel>}:i:… string <offset>:<epoch> of the first publication with that message id
//
// The stream never outlives the hash: without the hash the numbering is unknown. Both scripts
// start by deciding whether the store can be trusted. It cannot when the hash is missing, or when
// its newest offset is below one that this node has seen used in the same epoch: Redis came back
// without its newest writes. Then the epoch changes. Entries that are still there stay readable
// under the new epoch, and the numbering goes on behind them.

#include <string_view>

namespace chirm::redis_scripts {

// KEYS  1 hash  2 stream  3 message id (only with an id)
// ARGV  1 known epoch  2 known offset  3 epoch to use if a new one is needed  4 now (Unix ms)
//       5 time to live (ms, 0: for ever)  6 topic  7 body  8 history size  9 message id's ttl (ms)
// Answers {offset, epoch}, and a third element when it is a repetition.
//
// Costs of Redis' CPU, one publication of 200 bytes to two subscribers: 6.6-8.5 us for a counter,
// XADD and PUBLISH; a key per message id adds 2.7-3.5 us and 100-150 bytes; setting the time to
// live each time would add 2.5 us (measured with Redis 7.0.15).
inline constexpr std::string_view kPublish = R"lua(
local hash, stream, id_key = KEYS[1], KEYS[2], KEYS[3]
if id_key then
  local first = redis.call('GET', id_key)
  if first then
    local colon = first:find(':', 1, true)
    return {tonumber(first:sub(1, colon - 1)), first:sub(colon + 1), 1}
  end
end

local meta = redis.call('HMGET', hash, 'e', 'o', 'x')
local epoch, top, ttl_set_at = meta[1], tonumber(meta[2] or '0'), tonumber(meta[3] or '0')
if not epoch or (epoch == ARGV[1] and top < tonumber(ARGV[2])) then epoch = ARGV[3] end

-- Numbers up to 2^53 are exact in Lua, but only %.0f writes them all out.
local offset = string.format('%.0f', top + 1)
local added = redis.pcall('XADD', stream, 'MAXLEN', '~', ARGV[8], offset .. '-0', 'b', ARGV[7])
if type(added) == 'table' and added.err then
  if not added.err:find('equal or smaller', 1, true) then return added end
  -- The stream is ahead of the hash, so it is of another life.
  redis.call('DEL', stream)
  epoch, top, offset = ARGV[3], 0, '1'
  redis.call('XADD', stream, '1-0', 'b', ARGV[7])
end

local now, ttl = tonumber(ARGV[4]), tonumber(ARGV[5])
if ttl > 0 and (top == 0 or math.abs(now - ttl_set_at) > ttl / 8) then
  redis.call('HSET', hash, 'e', epoch, 'o', offset, 'x', ARGV[4])
  redis.call('PEXPIRE', stream, string.format('%.0f', ttl + ttl / 8))
  redis.call('PEXPIRE', hash, string.format('%.0f', ttl + ttl / 4))
else
  redis.call('HSET', hash, 'e', epoch, 'o', offset)
  if ttl == 0 and top == 0 then redis.call('PERSIST', hash) end
end
if id_key then redis.call('SET', id_key, offset .. ':' .. epoch, 'PX', ARGV[9]) end
redis.call('PUBLISH', ARGV[6], offset .. ':' .. epoch .. ':' .. ARGV[7])
return {tonumber(offset), epoch}
)lua";

// KEYS  1 hash  2 stream
// ARGV  1-4 as above  5 time to live of a channel without publications (ms)
//       6 XRANGE or XREVRANGE  7 from  8 to  9 at most this many entries
// Answers {offset, epoch, entries}. Writes only when the channel needs an epoch.
inline constexpr std::string_view kRead = R"lua(
local hash, stream = KEYS[1], KEYS[2]
local meta = redis.call('HMGET', hash, 'e', 'o', 'x')
local epoch, top, ttl_set_at = meta[1], tonumber(meta[2] or '0'), tonumber(meta[3] or '0')
if not epoch then
  epoch = ARGV[3]
  redis.call('DEL', stream)
  redis.call('HSET', hash, 'e', epoch, 'o', '0')
elseif epoch == ARGV[1] and top < tonumber(ARGV[2]) then
  epoch = ARGV[3]
  redis.call('HSET', hash, 'e', epoch)
end

local ttl = tonumber(ARGV[5])
if top == 0 and ttl > 0 and math.abs(tonumber(ARGV[4]) - ttl_set_at) > ttl / 8 then
  redis.call('HSET', hash, 'x', ARGV[4])
  redis.call('PEXPIRE', hash, string.format('%.0f', ttl + ttl / 8))
end

local entries = {}
if ARGV[9] ~= '0' then entries = redis.call(ARGV[6], stream, ARGV[7], ARGV[8], 'COUNT', ARGV[9]) end
return {top, epoch, entries}
)lua";

}  // namespace chirm::redis_scripts
