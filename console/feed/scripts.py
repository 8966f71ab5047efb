"""The two Lua scripts of a feed. Each runs as one step on the server.

Answers are lists: a word, then the epoch and the seq that the feed has now.
"""

from __future__ import annotations

# Take the feed over for an epoch: from now on every lower epoch is refused.
# KEYS: meta. ARGV: epoch.
CLAIM = """
local stored = tonumber(redis.call('HGET', KEYS[1], 'epoch') or '0')
if stored > tonumber(ARGV[1]) then return {'fenced', stored, 0} end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
return {'claimed', tonumber(ARGV[1]), tonumber(redis.call('HGET', KEYS[1], 'seq') or '0')}
"""

# Write one commit: only by the epoch that holds the feed, only as the successor of the last seq.
# A seq that does not fit means that the server lost commits (flushed, restarted empty, failed over
# to a replica that lagged) or got this commit already; the writer knows which.
# KEYS: states, changes, meta.
# ARGV: epoch, seq, commit, checksum, at, source, keys as JSON, stream length, "1" to drop all
#       states first, number of sets, then key and state of each set, then the keys to delete.
COMMIT = """
local meta = redis.call('HMGET', KEYS[3], 'epoch', 'seq')
local epoch, seq = tonumber(meta[1] or '0'), tonumber(meta[2] or '0')
if epoch > tonumber(ARGV[1]) then return {'fenced', epoch, seq} end
local drop = ARGV[9] == '1'
if not drop and (epoch ~= tonumber(ARGV[1]) or seq + 1 ~= tonumber(ARGV[2])) then
  return {'lost', epoch, seq}
end
if drop then redis.call('UNLINK', KEYS[1]) end
local at = 11
for _ = 1, tonumber(ARGV[10]) do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for i = at, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
if redis.call('EXISTS', KEYS[2]) == 1 then
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
  local e, s = string.match(last[1] and last[1][1] or '0-0', '(%d+)-(%d+)')
  if tonumber(e) > tonumber(ARGV[1])
     or (tonumber(e) == tonumber(ARGV[1]) and tonumber(s) >= tonumber(ARGV[2])) then
    redis.call('UNLINK', KEYS[2])
  end
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[8], ARGV[1] .. '-' .. ARGV[2],
           'keys', ARGV[7], 'at', ARGV[5])
redis.call('HSET', KEYS[3], 'epoch', ARGV[1], 'seq', ARGV[2], 'commit', ARGV[3],
           'checksum', ARGV[4], 'at', ARGV[5], 'source', ARGV[6])
return {'committed', tonumber(ARGV[1]), tonumber(ARGV[2])}
"""
