-- Follows the control plane's feed: all states once, then what changes, as docs/redis-contract.md
-- tells readers to.
--
-- Nothing is ever taken away because something could not be read: a feed that was flushed, or that
-- is older than what this worker has, changes nothing until its writer has published again.
-- Every function here answers true, or nil and why not; a false answer leaves the position as it
-- was, so that the next attempt begins where this one did.

local json = require("apisix.core").json
local connection = require("apisix.discovery.portolan.connection")

local null = ngx.null
local str_sub = string.sub

local _M = {}
local mt = { __index = _M }

local PREFIX = "upstream/"
local CHUNK = 200     -- states read at once
local SCAN = 500      -- states asked for in a step of a scan
local ENTRIES = 1000  -- entries of the stream read at once
-- A quiet stream may also be a lost one: seconds between looks at the feed's meta hash.
local DOUBT_AFTER = 2
local ATTEMPTS = 5


function _M.new(settings, state, lags)
    return setmetatable({
        keys = settings,
        state = state,
        lags = lags,
        position = nil,     -- { epoch, seq } of what this worker has; nil: nothing is known
        checksum = nil,     -- of the whole feed there, if known
        committed_at = 0,   -- ms, by the writer's clock
        applied_at = 0,     -- ms, when nodes changed last
        proven_at = 0,      -- s, when the feed was last seen to hold nothing newer; 0: never
        looked = 0,         -- s, when meta was last looked at, or entries came
        behind = nil,       -- what Redis has, if that is older
        changes = 0,        -- how often nodes changed
    }, mt)
end


local function id_of(key)
    if str_sub(key, 1, #PREFIX) == PREFIX and not key:find("%c") then
        return str_sub(key, #PREFIX + 1)
    end
end


local function text_of(value)
    return value ~= null and value or nil
end


-- What meta says, or nil if nothing has been published.
local function meta_of(answer)
    local epoch, seq = tonumber(text_of(answer[1])), tonumber(text_of(answer[2]))
    if not epoch or not seq or seq == 0 then
        return nil
    end
    return {
        epoch = epoch,
        seq = seq,
        checksum = text_of(answer[3]),
        at = tonumber(text_of(answer[4])) or 0,
    }
end


local META = { "epoch", "seq", "checksum", "at" }


local function read_meta(self, red)
    local answer, err = red:hmget(self.keys.meta, unpack(META))
    if not answer then
        return nil, "cannot read meta: " .. tostring(err)
    end
    self.looked = ngx.now()
    return meta_of(answer), nil
end


function _M:name()
    return self.position and self.position.epoch .. "-" .. self.position.seq or "0-0"
end


local function older(meta, position)
    return position and (meta.epoch < position.epoch
        or (meta.epoch == position.epoch and meta.seq < position.seq))
end


local function arrived(self, meta)
    self.position = { epoch = meta.epoch, seq = meta.seq }
    self.checksum = meta.checksum
    self.behind = nil
    self.committed_at = math.max(self.committed_at, meta.at)
    if meta.checksum then
        self.proven_at = ngx.now()
    end
end


function _M:note(changed)
    if changed then
        ngx.update_time()
        self.applied_at = math.floor(ngx.now() * 1000)
        self.changes = self.changes + 1
    end
end


local function epoch_and_seq(id)
    local epoch, seq = id:match("^(%d+)%-(%d+)$")
    return tonumber(epoch), tonumber(seq)
end


-- Whether entries follow a position without a gap; their last place.
local function follows(entries, epoch, seq)
    for _, entry in ipairs(entries) do
        local its_epoch, its_seq = epoch_and_seq(entry[1])
        if its_epoch ~= epoch or its_seq ~= seq + 1 then
            return nil
        end
        seq = its_seq
    end
    return seq
end


local function scan(self, red)
    local found, cursor = {}, "0"
    repeat
        local answer, err =
            red:hscan(self.keys.states, cursor, "MATCH", PREFIX .. "*", "COUNT", SCAN)
        if not answer then
            return nil, "cannot read states: " .. tostring(err)
        end
        cursor = answer[1]
        for i = 1, #answer[2], 2 do
            local id = id_of(answer[2][i])
            if id then
                local entry, wrong = self.state:parse(answer[2][i + 1])
                found[id] = { entry, wrong }
            end
        end
    until cursor == "0"
    return found
end


-- What meta and the stream say after a scan that began at `meta`. Commits that came meanwhile are
-- harmless if the stream has all of them: they are read next. Else states may have been missed.
local function whole(self, red, meta)
    red:init_pipeline(2)
    red:hmget(self.keys.meta, unpack(META))
    red:xread("COUNT", 10000, "STREAMS", self.keys.changes, meta.epoch .. "-" .. meta.seq)
    local answers, err = red:commit_pipeline()
    if not answers then
        return nil, tostring(err)
    end
    local after = type(answers[1]) == "table" and answers[1][1] ~= false and meta_of(answers[1])
    if not after or after.epoch ~= meta.epoch then
        return false
    end
    if after.seq == meta.seq then
        return after.checksum == meta.checksum
    end
    local came = type(answers[2]) == "table" and answers[2][1]
    local last = came and follows(came[2], meta.epoch, meta.seq)
    return last ~= nil and last ~= false and last >= after.seq
end


-- Read all states.
function _M:sync(red)
    for _ = 1, ATTEMPTS do
        local meta, err = read_meta(self, red)
        if not meta then
            return not err or nil, err
        end
        if older(meta, self.position) then
            self.behind = meta.epoch .. "-" .. meta.seq
            return true
        end
        local found
        found, err = scan(self, red)
        if not found then
            return nil, err
        end
        local good, wrong = whole(self, red, meta)
        if wrong then
            return nil, wrong
        end
        if good then
            local changed = self.state:retain(found)
            for id, one in pairs(found) do
                changed = self.state:put(id, one[1], one[2]) or changed
            end
            self:note(changed)
            arrived(self, meta)
            return true
        end
    end
    return nil, "the feed changed too much while it was read"
end


-- Compare the position with meta. `at_once`: after connecting, when it is enough that the stream
-- will tell what is missing.
function _M:doubt(red, at_once)
    if not at_once and ngx.now() - self.looked < DOUBT_AFTER then
        return true
    end
    local meta, err = read_meta(self, red)
    if not meta then
        return not err or nil, err
    end
    local mine = self.position
    if mine and meta.seq == mine.seq and meta.epoch >= mine.epoch
       and meta.checksum == self.checksum then
        arrived(self, meta)  -- another writer may have taken over
        return true
    end
    if at_once and mine and meta.epoch == mine.epoch and meta.seq > mine.seq then
        return true
    end
    return self:sync(red)
end


-- The states of upstreams as they are now, and meta after them.
local function read(self, red, ids)
    if #ids == 0 then
        local meta, err = read_meta(self, red)
        return meta and {}, err, meta
    end
    local states, meta = {}, nil
    for start = 1, #ids, CHUNK do
        local keys = {}
        for i = start, math.min(start + CHUNK - 1, #ids) do
            keys[#keys + 1] = PREFIX .. ids[i]
        end
        red:init_pipeline(2)
        red:hmget(self.keys.states, unpack(keys))
        red:hmget(self.keys.meta, unpack(META))
        local answers, err = red:commit_pipeline()
        if not answers or answers[1][1] == false or answers[2][1] == false then
            return nil, "cannot read states: " .. tostring(err or "refused")
        end
        for i, value in ipairs(answers[1]) do
            states[ids[start + i - 1]] = value
        end
        meta = meta_of(answers[2])
        if not meta then
            return nil  -- lost since the entries came: what is missing now is not gone
        end
    end
    return states, nil, meta
end


local function apply(self, states)
    local changed, seen = false, {}
    for id, value in pairs(states) do
        if value == null then
            changed = self.state:remove(id) or changed
        else
            local entry, wrong = self.state:parse(value)
            local differs, observed_at = self.state:put(id, entry, wrong)
            changed = changed or differs
            if observed_at then
                seen[#seen + 1] = observed_at
            end
        end
    end
    self:note(changed)
    ngx.update_time()
    for _, observed_at in ipairs(seen) do
        self.lags:add(math.max(0, ngx.now() - observed_at / 1000))
    end
end


-- Take new entries of the stream; none when the wait for them was over.
function _M:absorb(red, entries)
    if #entries == 0 then
        return self:doubt(red)
    end
    self.looked = ngx.now()
    local mine = self.position
    local last = mine and follows(entries, mine.epoch, mine.seq)
    if not last then
        return self:sync(red)
    end
    local ids, known, at = {}, {}, 0
    for _, entry in ipairs(entries) do
        local fields = {}
        for i = 1, #entry[2], 2 do
            fields[entry[2][i]] = entry[2][i + 1]
        end
        at = math.max(at, tonumber(fields.at) or 0)
        local keys, err = json.decode(fields.keys or "")
        if type(keys) ~= "table" then
            return nil, "an entry without keys: " .. tostring(err)
        end
        for _, key in ipairs(keys) do
            local id = id_of(key)
            if id and not known[id] then
                known[id] = true
                ids[#ids + 1] = id
            end
        end
    end
    local states, err, meta = read(self, red, ids)
    if not states then
        return not err or nil, err
    end
    apply(self, states)
    local here = meta and meta.epoch == mine.epoch and meta.seq == last
    arrived(self, { epoch = mine.epoch, seq = last, at = at, checksum = here and meta.checksum })
    return true
end


-- Wait for entries for a second at most and take them.
function _M:step(red)
    local answer, err = red:xread("COUNT", ENTRIES, "BLOCK", connection.BLOCK, "STREAMS",
                                  self.keys.changes, self:name())
    if not answer then
        return nil, "cannot read changes: " .. tostring(err)
    end
    local entries = answer ~= null and answer[1] and answer[1][2] or {}
    local before = self:name()
    local ok
    ok, err = self:absorb(red, entries)
    if ok and #entries > 0 and self:name() == before then
        ngx.sleep(0.2)  -- they will come again at once
    end
    return ok, err
end


return _M
