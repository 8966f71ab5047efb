-- Addresses of nodes that are given by name. APISIX resolves names of its own upstreams only.
--
-- Nothing waits for a name: its nodes are left out until it is resolved, and keep their last address
-- when it no longer can be. Names are asked for in a timer of their own, which there is only if
-- there are names.

local core = require("apisix.core")

local _M = {}
local mt = { __index = _M }

local EVERY = 5  -- seconds; APISIX's resolver keeps answers for as long as they hold


-- `changed` is called with the names that have another address.
function _M.new(changed)
    return setmetatable({
        known = {},   -- address by name; false: none yet
        failed = {},  -- names that were said to be unresolvable
        running = false,
        changed = changed,
    }, mt)
end


-- The address, or nil; then it is asked for.
function _M:address(name)
    if self.known[name] == nil then
        self.known[name] = false
        self:start(0)
    end
    return self.known[name] or nil
end


function _M:learn(name, address)
    self.known[name] = address
    self:start(0)
end


-- One of a name's addresses: the one it had, if it still has it.
local function resolve(name, had)
    if not core.resolver.parse_domain_all then
        return core.resolver.parse_domain(name)
    end
    local all, err = core.resolver.parse_domain_all(name)
    for _, one in ipairs(all or {}) do
        if one == had then
            return had
        end
    end
    return all and all[1], err
end


local function round(self)
    local differ = {}
    local names = {}
    for name in pairs(self.known) do
        names[#names + 1] = name
    end
    for _, name in ipairs(names) do
        local had = self.known[name]
        local done, address, err = pcall(resolve, name, had)
        if done and address then
            self.failed[name] = nil
            if address ~= had then
                self.known[name] = address
                differ[name] = true
            end
        elseif not self.failed[name] then
            self.failed[name] = true
            core.log.error("portolan: cannot resolve ", name, ": ", done and err or address)
        end
    end
    if next(differ) then
        self.changed(differ)
    end
end


function _M:start(pause)
    if self.running then
        return
    end
    self.running = ngx.timer.at(pause, function(premature)
        self.running = false
        if not premature and not ngx.worker.exiting() then
            round(self)
            self:start(EVERY)
        end
    end) and true
end


return _M
