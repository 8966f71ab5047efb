-- Heartbeats: each worker says every ten seconds what it has, as one field of the gateway's hash
-- of instances. Workers share nothing, so each of them is an instance.

local core = require("apisix.core")

local _M = {}
local mt = { __index = _M }

local EVERY = 10


local function host()
    local name = core.utils and core.utils.gethostname and core.utils.gethostname()
    return name or "unknown"
end


-- APISIX has an id of its own, which tells several on one host apart.
local function process_id()
    local ok, id = pcall(function() return core.id.get() end)
    return ok and id or host()
end


function _M.new(settings)
    return setmetatable({
        key = settings.instances,
        next_at = 0,
        registered_at = math.floor(ngx.now() * 1000),
        refused = false,
    }, mt)
end


local function instance(self, feed)
    local lags = feed.lags
    local worker = ":worker-" .. ngx.worker.id()
    return {
        id = process_id() .. worker,
        hostname = host() .. worker,
        version = core.version and core.version.VERSION or "",
        by = "module",
        applied = feed.position and feed:name() or "",
        applied_at = feed.applied_at,
        lag_ms = lags.last and math.floor(lags.last * 1000) or nil,
        lag_counts = lags.counts,
        lag_sum = lags.sum,
        registered_at = self.registered_at,
        seen_at = math.floor(ngx.now() * 1000),
    }
end


-- Report if it is time. A refusal is said once; only a lost connection is an error.
function _M:beat(red, feed)
    if not self.key or not ngx.worker.id() or ngx.now() < self.next_at then
        return true
    end
    self.next_at = ngx.now() + EVERY
    local mine = instance(self, feed)
    local ok, err = red:hset(self.key, mine.id, core.json.encode(mine))
    if ok then
        self.refused = false
        return true
    end
    if ok == nil then
        return nil, "cannot report: " .. tostring(err)
    end
    if not self.refused then
        self.refused = true
        core.log.error("portolan: Redis refuses heartbeats: ", err)
    end
    return true
end


return _M
