"""What the tree's Redis runs itself, so that nobody can come in between."""

# KEYS: the tick, then names to set, then names to take away.
# ARGV: epoch (0: unfenced), now, 1 to begin a tree, 1 if hashes may make no event, number of names
# to set, their values.
# Answers “done”, “emptied”, or the epoch that shuts this writer out.
# The last command is the event: HSET is one of class h, EXPIRE of class g.
COMMIT = """
local tick = KEYS[1]
local held = redis.call('HGET', tick, 'epoch')
if not held and ARGV[3] ~= '1' then
  return 'emptied'
end
local epoch = tonumber(ARGV[1])
if held and epoch > 0 and tonumber(held) > epoch then
  return held
end
local count = tonumber(ARGV[5])
for i = 1, count do
  redis.call('SET', KEYS[1 + i], ARGV[5 + i])
end
for i = count + 2, #KEYS do
  redis.call('UNLINK', KEYS[i])
end
if epoch == 0 and held then
  epoch = held
end
redis.call('HSET', tick, 'epoch', epoch, 'at', ARGV[2])
if ARGV[4] == '1' then
  redis.call('EXPIRE', tick, 315360000)
end
return 'done'
"""
