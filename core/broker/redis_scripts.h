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
// The stream never outlives the hash: without the hash the numbering is unknown. Both scripts start
// by deciding whether the store can be trusted. It cannot when the hash is missing, or when its
// newest offset is below one that this node has seen used in the same epoch: Redis came back
// without its newest writes. Then the epoch changes. Entries that are still there stay readable
// under the new epoch, and the numbering goes on behind them.

#include <string_view>

namespace chirm::redis_scripts {

// Stores the publications of one call, and announces them with one message:
// `<offset of the first>:<epoch>:` and, for each, `<size of the body>:<body>`.
//
// KEYS  1 hash  2 stream  3… message ids
// ARGV  1 known epoch  2 known offset  3 epoch to use if a new one is needed  4 now (Unix ms)
//       5 time to live (ms, 0: for ever)  6 topic  7 history size  8 message ids' ttl (ms)
//       9… for each publication 1 if it has a message id, else 0, and its body
// Answers {epoch, …}: for each its offset, or "<offset>:<epoch>" when it is a repetition.
//
// Costs of Redis' CPU, one publication of 200 bytes to two subscribers: 6.6-8.5 us for a counter,
// XADD and PUBLISH; a key per message id adds 2.7-3.5 us and 100-150 bytes; setting the time to
// live each time would add 2.5 us (measured with Redis 7.0.15).
inline constexpr std::string_view kPublish = R"lua(
local hash, stream = KEYS[1], KEYS[2]
local meta = redis.call('HMGET', hash, 'e', 'o', 'x')
local epoch, top, ttl_set_at = meta[1], tonumber(meta[2] or '0'), tonumber(meta[3] or '0')
if not epoch or (epoch == ARGV[1] and top < tonumber(ARGV[2])) then epoch = ARGV[3] end

-- Numbers up to 2^53 are exact in Lua, but only %.0f writes them all out.
local function decimal(number) return string.format('%.0f', number) end

local answer, message, first_top, key = {}, {}, top, 2
for i = 9, #ARGV, 2 do
  local id_key, stored = nil, false
  if ARGV[i] == '1' then
    key = key + 1
    id_key = KEYS[key]
    stored = redis.call('GET', id_key)
  end
  if stored then
    answer[#answer + 1] = stored
  else
    local body = ARGV[i + 1]
    local added = redis.pcall('XADD', stream, 'MAXLEN', '~', ARGV[7], decimal(top + 1) .. '-0',
                              'b', body)
    if type(added) == 'table' and added.err then
      -- An error like that of a full memory comes before anything is written. Or the stream is
      -- ahead of the hash: it is of another life.
      if top ~= first_top or not added.err:find('equal or smaller', 1, true) then return added end
      redis.call('DEL', stream)
      epoch, top, first_top = ARGV[3], 0, 0
      redis.call('XADD', stream, '1-0', 'b', body)
    end
    top = top + 1
    if id_key then redis.call('SET', id_key, decimal(top) .. ':' .. epoch, 'PX', ARGV[8]) end
    answer[#answer + 1] = top
    message[#message + 1] = #body .. ':' .. body
  end
end

if top > first_top then
  local now, ttl = tonumber(ARGV[4]), tonumber(ARGV[5])
  redis.call('HSET', hash, 'e', epoch, 'o', decimal(top))
  if ttl == 0 then
    if first_top == 0 then redis.call('PERSIST', hash) end
  elseif first_top == 0 or math.abs(now - ttl_set_at) > ttl / 8 then
    redis.call('HSET', hash, 'x', ARGV[4])
    redis.call('PEXPIRE', stream, decimal(ttl + ttl / 8))
    redis.call('PEXPIRE', hash, decimal(ttl + ttl / 4))
  end
  local head = decimal(first_top + 1) .. ':' .. epoch .. ':'
  redis.call('PUBLISH', ARGV[6], head .. table.concat(message))
end
table.insert(answer, 1, epoch)
return answer
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
if top == 0 and math.abs(tonumber(ARGV[4]) - ttl_set_at) > ttl / 8 then
  redis.call('HSET', hash, 'x', ARGV[4])
  redis.call('PEXPIRE', hash, string.format('%.0f', ttl + ttl / 8))
end

local entries = {}
if ARGV[9] ~= '0' then entries = redis.call(ARGV[6], stream, ARGV[7], ARGV[8], 'COUNT', ARGV[9]) end
return {top, epoch, entries}
)lua";

}  // namespace chirm::redis_scripts
