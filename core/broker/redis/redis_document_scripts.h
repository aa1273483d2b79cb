// SPDX-License-Identifier: MIT
#pragma once
// The Lua of documents. Private to core/broker. A collection has two keys:
//
//   <prefix>:{doc:<collection>}:h   hash        id → <version>:<value>
//                                               "" → the newest version among those removed
//   <prefix>:{doc:<collection>}:i   sorted set  the ids, all with score 0: in byte order
//
// A version is the time in microseconds, or more when that is not above all versions that were
// there before. So even a Redis that has lost documents hardly ever gives a version a second time.
// The collection's newest removed version is kept for a day after its last document has gone.

#include <string_view>

namespace chirm::redis_scripts {

// Compares and sets one document, and announces the change.
//
// KEYS  1 hash  2 ids
// ARGV  1 id  2 expected version  3 value, "" to remove  4 topic  5 head of the message
// Answers {1, version} when it is done (0: removed), else {0, what is there or ""}. The message:
// head, version, ':', value.
inline constexpr std::string_view kPutDocument = R"lua(
local hash, ids, id, value, call = KEYS[1], KEYS[2], ARGV[1], ARGV[3], redis.call
local held = call('HMGET', hash, id, '')
local version = held[1] and tonumber(held[1]:match('^%d+')) or 0
local floor = tonumber(held[2] or '0')
if version ~= tonumber(ARGV[2]) then return {0, held[1] or ''} end
local new = '0'
if value ~= '' then
  local time = call('TIME')
  new = string.format('%.0f', math.max(version + 1, floor + 1, time[1] * 1000000 + time[2]))
  call('HSET', hash, id, new .. ':' .. value)
  if version == 0 then
    call('ZADD', ids, 0, id)
    if floor > 0 then call('PERSIST', hash) end
  end
elseif version == 0 then
  return {1, new}
else
  call('HSET', hash, '', string.format('%.0f', math.max(version, floor)))
  call('HDEL', hash, id)
  call('ZREM', ids, id)
  if call('EXISTS', ids) == 0 then call('PEXPIRE', hash, 86400000) end
end
call('PUBLISH', ARGV[4], ARGV[5] .. new .. ':' .. value)
return {1, new}
)lua";

// KEYS  as above
// ARGV  1 first id, as ZRANGEBYLEX has it  2 at most this many
// Answers {ids, values}.
inline constexpr std::string_view kListDocuments = R"lua(
local ids = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], '+', 'LIMIT', 0, ARGV[2])
return {ids, #ids > 0 and redis.call('HMGET', KEYS[1], unpack(ids)) or {}}
)lua";

// KEYS  as above
// Answers how many there were.
inline constexpr std::string_view kClearDocuments = R"lua(
local hash, ids, newest = KEYS[1], KEYS[2], 0
local count = redis.call('ZCARD', ids)
if count == 0 then return 0 end
for _, value in ipairs(redis.call('HVALS', hash)) do
  newest = math.max(newest, tonumber(value:match('^%d+')))
end
redis.call('DEL', hash, ids)
redis.call('HSET', hash, '', string.format('%.0f', newest))
redis.call('PEXPIRE', hash, 86400000)
return count
)lua";

}  // namespace chirm::redis_scripts
