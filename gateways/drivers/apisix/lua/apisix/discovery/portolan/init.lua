-- APISIX's service discovery from a control plane of Portolan: upstreams with
-- `discovery_type: portolan` and an upstream's id as `service_name`. docs/gateways/
-- apisix-discovery.md says how it is installed and what it does when something fails.
--
-- Every process of APISIX follows by itself and answers from its own memory.

local core = require("apisix.core")
local config_local = require("apisix.core.config_local")
local Feed = require("apisix.discovery.portolan.feed")
local Follower = require("apisix.discovery.portolan.follower")
local Lags = require("apisix.discovery.portolan.lags")
local Names = require("apisix.discovery.portolan.names")
local Report = require("apisix.discovery.portolan.report")
local State = require("apisix.discovery.portolan.state")
local Store = require("apisix.discovery.portolan.store")
local settings_of = require("apisix.discovery.portolan.settings").of

local _M = { version = 0.1 }

local settings, feed, follower
local from_file = false

local MAY_WAIT = { access = true, preread = true, rewrite = true, timer = true, content = true }
local PAUSE = 0.005
local MOST_ASKED = 100  -- upstreams of one question


-- A worker that has just started knows nothing for some milliseconds, longer if there is no file.
local function wait_for_first_state()
    if not MAY_WAIT[ngx.get_phase()] then
        return
    end
    local ends = ngx.now() + settings.first_state_wait / 1000
    while not feed.position and not follower.trouble and ngx.now() < ends do
        ngx.sleep(PAUSE)
    end
end


-- The nodes of an upstream: the same table as long as nothing changes, an empty one if there is
-- no node; nil and why if nothing is known of it.
function _M.nodes(service_name)
    if not feed then
        return nil, "portolan: not started"
    end
    if not feed.position then
        wait_for_first_state()
        if not feed.position then
            return nil, "portolan: nothing is known yet of control plane " .. settings.control_plane
        end
    end
    local entry = feed.state.entries[service_name]
    if entry then
        return entry.nodes
    end
    return nil, feed.state.refused[service_name]
        and "portolan: the state of upstream " .. service_name .. " cannot be read"
        or "portolan: there is no upstream " .. tostring(service_name)
end


-- APISIX's /status/ready asks it.
function _M.check_discovery_ready()
    if feed and feed.position then
        return true
    end
    return false, "portolan: nothing is known yet"
        .. (follower and follower.trouble and ": " .. follower.trouble or "")
end


local function ago(seconds)
    return seconds > 0 and math.floor((ngx.now() - seconds) * 1000) or nil
end


-- How this process stands. Ages and lags in milliseconds; holds no name or password of Redis.
local function status()
    local redis = settings.redis
    return {
        control_plane = settings.control_plane,
        gateway = settings.gateway,
        worker = ngx.worker.id(),
        pid = ngx.worker.pid(),
        ready = feed.position ~= nil,
        position = feed.position and feed:name() or nil,
        from_file = from_file and feed.proven_at == 0,
        connected = follower.connected,
        trouble = follower.trouble,
        behind = feed.behind,
        age = ago(feed.proven_at),
        committed_at = feed.committed_at,
        applied_at = feed.applied_at,
        lag = feed.lags.last and math.floor(feed.lags.last * 1000) or nil,
        upstreams = feed.state.count,
        changes = feed.changes,
        refused = next(feed.state.refused) and feed.state.refused or nil,
        redis = redis.unix_socket or redis.host .. ":" .. redis.port,
    }
end


-- Nodes of an upstream as answers have them.
local function told(id, entry)
    local nodes = setmetatable({}, core.json.array_mt)
    for i, node in ipairs(entry.nodes) do
        nodes[i] = {
            host = node.host,
            domain = node.domain,
            port = node.port,
            weight = node.weight,
            priority = node.priority,
        }
    end
    return { name = id, nodes = nodes }
end


function _M.dump_data()
    local services = {}
    for id, entry in pairs(feed.state.entries) do
        services[#services + 1] = told(id, entry)
    end
    table.sort(services, function(left, right) return left.name < right.name end)
    return { status = status(), services = services }
end


-- Of the upstreams that `id` names, once or several times; those that are not known are left out.
local function some()
    local asked = ngx.req.get_uri_args(MOST_ASKED).id or {}
    local services = setmetatable({}, core.json.array_mt)
    for _, id in ipairs(type(asked) == "table" and asked or { asked }) do
        local entry = feed.state.entries[id]
        if entry then
            services[#services + 1] = told(id, entry)
        end
    end
    return { worker = ngx.worker.id(), position = feed:name(), services = services }
end


function _M.control_api()
    return {
        {
            methods = { "GET" },
            uris = { "/status" },
            handler = function() return 200, status() end,
        },
        {
            methods = { "GET" },
            uris = { "/ready" },
            handler = function() return feed.position and 200 or 503, status() end,
        },
        {
            methods = { "GET" },
            uris = { "/nodes" },
            handler = function() return 200, some() end,
        },
    }
end


function _M.init_worker()
    settings = settings_of(config_local.local_conf().discovery.portolan)
    local names = Names.new(function(differ) feed:note(feed.state:readdress(differ)) end)
    feed = Feed.new(settings, State.new(names), Lags.new())
    local store
    if settings.file then
        -- Workers of the stream subsystem share nothing with those of http.
        local http = ngx.config.subsystem == "http"
        store = Store.new(settings.file .. (http and "" or ".stream"), settings.control_plane)
        from_file = store:load(feed)
    end
    local writes = ngx.worker.id() == 0 and store or nil
    follower = Follower.new(settings, feed, writes, Report.new(settings))
    local ok, err = follower:start()
    if not ok then
        core.log.error("portolan: cannot start: ", err)
    end
end


return _M
