-- The settings with their defaults. APISIX checks config.yaml when it starts, and what fills in
-- the defaults there is not what workers get: they read the file again.

local schema = require("apisix.discovery.portolan.schema")

local _M = {}


local function filled(given, known)
    local made = {}
    for name, rule in pairs(known) do
        local value = given[name]
        if value == nil then
            value = rule.default
        end
        made[name] = value
    end
    return made
end


function _M.of(conf)
    local made = filled(conf, schema.properties)
    made.redis = filled(conf.redis, schema.properties.redis.properties)
    for _, name in ipairs({ "username", "password" }) do
        local value = made.redis[name]
        made.redis[name] = value ~= nil and value ~= "" and tostring(value) or nil
    end
    local base = "portolan:v1:{control-plane:" .. made.control_plane .. "}:"
    made.states, made.changes, made.meta = base .. "states", base .. "changes", base .. "meta"
    if made.gateway then
        made.instances = "portolan:v1:{gateway:" .. made.gateway .. "}:instances"
    end
    return made
end


return _M
