-- Follows the control plane's feed: all states once, then what changes, as docs/redis-contract.md
-- tells readers to.
--
-- Nothing is ever taken away because something could not be read: a feed that was flushed, or that
-- is older than what this worker has, changes nothing until its writer has published again.
-- Every function here answers true, or nil and why not; a false answer leaves the position as it
-- was, so that the next attempt begins where this one did.

local json = require("apisix.core").json
local connection = require("apisix.discovery.portolan.connection")
local reading = require("apisix.discovery.portolan.reading")

local null = ngx.null

local _M = {}
local mt = { __index = _M }

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


local function read_meta(self, red)
    local meta, err = reading.meta(red, self.keys)
    if not err then
        self.looked = ngx.now()
    end
    return meta, err
end


function _M:name()
    return self.position and self.position.epoch .. "-" .. self.position.seq or "0-0"
end


-- Whether Redis has an old copy: a lower position whose last commit is no later than the newest that
-- this worker knows. A lower one that was written later is a history that began anew.
local function older(self, meta)
    local mine = self.position
    return mine and meta.at <= self.committed_at and (meta.epoch < mine.epoch
        or (meta.epoch == mine.epoch and meta.seq < mine.seq))
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


-- Read all states. `proven`: the stream has gone on, so that Redis has no old copy.
function _M:sync(red, proven)
    local function parse(text)
        return self.state:parse(text)
    end
    for _ = 1, ATTEMPTS do
        local meta, err = read_meta(self, red)
        if not meta then
            return not err or nil, err
        end
        if not proven and older(self, meta) then
            self.behind = meta.epoch .. "-" .. meta.seq
            return true
        end
        local found
        found, err = reading.scan(red, self.keys, parse)
        if not found then
            return nil, err
        end
        local good, wrong = reading.whole(red, self.keys, meta)
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
    local last = mine and reading.follows(entries, mine.epoch, mine.seq)
    if not last then
        return self:sync(red, mine ~= nil)
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
            local id = reading.id_of(key)
            if id and not known[id] then
                known[id] = true
                ids[#ids + 1] = id
            end
        end
    end
    local states, err, meta = reading.states(red, self.keys, ids)
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
