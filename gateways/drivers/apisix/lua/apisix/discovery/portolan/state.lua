-- The upstreams' nodes in this worker's memory.
--
-- Each upstream has one table of nodes, replaced as a whole when the nodes change and only then:
-- APISIX takes the same table for "nothing changed", and no reader can see half a change.

local json = require("apisix.core").json
local str_byte = string.byte
local str_find = string.find

local _M = {}
local mt = { __index = _M }

local BRACKET = str_byte("[")


-- `names` knows the addresses of names (names.lua).
function _M.new(names)
    return setmetatable({
        names = names,
        entries = {},  -- by upstream id
        count = 0,
        refused = {},  -- why a state was not taken, by upstream id
    }, mt)
end


-- APISIX keys nodes by "host:port", so that IPv6 needs its brackets.
local function bracketed(host)
    if str_byte(host) ~= BRACKET and str_find(host, ":", 1, true) then
        return "[" .. host .. "]"
    end
    return host
end


local function is_name(host)
    return not str_find(host, ":", 1, true) and not str_find(host, "^%d+%.%d+%.%d+%.%d+$")
end


local function whole(value, least, most)
    return type(value) == "number" and value % 1 == 0 and value >= least and value <= most
end


local function node_of(one)
    if type(one) ~= "table" or type(one.host) ~= "string" or not one.host:find("^[%w%-_.:%[%]]+$") then
        return nil, "a node without a host"
    end
    if not whole(one.port, 1, 65535) then
        return nil, "a node without a port"
    end
    local weight, priority = one.weight or 100, one.priority or 0
    if not whole(weight, 0, 2 ^ 31) or not whole(priority, -2 ^ 31, 2 ^ 31) then
        return nil, "a node with a wrong weight or priority"
    end
    local made = { port = one.port, weight = weight, priority = priority }
    made[is_name(one.host) and "domain" or "host"] = bracketed(one.host)
    return made
end


-- An entry of what was given: nodes with names have the names' addresses, or are left out.
local function entry_of(self, given, observed_at)
    local nodes, line, named = {}, {}, nil
    for i, one in ipairs(given) do
        local host = one.host
        if one.domain then
            named = given
            host = self.names:address(one.domain)
            host = host and bracketed(host)
        end
        if host then
            nodes[#nodes + 1] = {
                host = host,
                port = one.port,
                weight = one.weight,
                priority = one.priority,
                domain = one.domain,
            }
        end
        line[i] = table.concat(
            { host or "-", one.port, one.weight, one.priority, one.domain }, " ")
    end
    return { nodes = nodes, line = table.concat(line, ","), observed_at = observed_at, named = named }
end


-- An upstream's state as an entry, or nil and what is wrong with it. Nodes of weight 0 are left
-- out: a single one would be sent every request, and all balancers of APISIX differ about several.
function _M:parse(text)
    local state, err = json.decode(text)
    if type(state) ~= "table" or type(state.nodes) ~= "table" then
        return nil, err or "no upstream"
    end
    local given = {}
    for _, one in ipairs(state.nodes) do
        local node, wrong = node_of(one)
        if not node then
            return nil, wrong
        end
        if node.weight > 0 then
            given[#given + 1] = node
        end
    end
    return entry_of(self, given, tonumber(state.observed_at) or 0)
end


-- Take an entry, or an error in place of one: then what was there before stays. Tells whether the
-- nodes changed, and when the change was seen, if it is a newer one.
function _M:put(id, entry, err)
    if not entry then
        self.refused[id] = err
        return false
    end
    self.refused[id] = nil
    local before = self.entries[id]
    local seen = entry.observed_at > (before and before.observed_at or 0) and entry.observed_at
    if before and before.line == entry.line then
        before.observed_at = entry.observed_at
        return false, seen
    end
    if not before then
        self.count = self.count + 1
    end
    self.entries[id] = entry
    return true, seen
end


function _M:remove(id)
    self.refused[id] = nil
    if self.entries[id] then
        self.entries[id] = nil
        self.count = self.count - 1
        return true
    end
    return false
end


-- Nothing is left but what `kept` names.
function _M:retain(kept)
    local changed = false
    for _, known in ipairs({ self.entries, self.refused }) do
        for id in pairs(known) do
            if not kept[id] then
                changed = self:remove(id) or changed
            end
        end
    end
    return changed
end


-- Names have other addresses; tells whether nodes changed.
function _M:readdress(names)
    local changed = false
    for id, entry in pairs(self.entries) do
        for _, one in ipairs(entry.named or {}) do
            if names[one.domain] then
                changed = self:put(id, entry_of(self, entry.named, entry.observed_at)) or changed
                break
            end
        end
    end
    return changed
end


-- A line for the file of the last good state, and back.
function _M.to_line(id, entry)
    return id .. "\t" .. entry.observed_at .. "\t" .. entry.line
end


function _M:from_line(text)
    local id, observed_at, line = text:match("^([^\t]+)\t(%d+)\t(.*)$")
    if not id then
        return nil
    end
    local given = {}
    for part in line:gmatch("[^,]+") do
        local host, port, weight, priority, domain =
            part:match("^(%S+) (%d+) (%d+) (%-?%d+) ?(%S*)$")
        if not host then
            return nil
        end
        domain = domain ~= "" and domain or nil
        if domain and host ~= "-" then
            self.names:learn(domain, host)
        end
        given[#given + 1] = {
            host = not domain and host or nil,
            domain = domain,
            port = tonumber(port),
            weight = tonumber(weight),
            priority = tonumber(priority),
        }
    end
    return id, entry_of(self, given, tonumber(observed_at))
end


return _M
