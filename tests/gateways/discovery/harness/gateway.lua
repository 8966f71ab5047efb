-- The part of APISIX that stands around a discovery module: it asks for nodes once a request, takes
-- the same table for the same nodes, balances, answers 503 without a node, and serves the control
-- API. An upstream's id is the request's Host.

local balancer = require("ngx.balancer")
local json = require("cjson.safe")
local portolan = require("apisix.discovery.portolan")

local _M = { init_worker = portolan.init_worker }

local turns, tables = {}, {}


function _M.access()
    local name = ngx.var.host
    local nodes, err = portolan.nodes(name)
    if not nodes or #nodes == 0 then
        ngx.status = 503
        ngx.print(err or "no valid upstream node")
        return ngx.exit(503)
    end
    if tables[name] ~= nodes then
        tables[name] = nodes
    end
    turns[name] = (turns[name] or 0) % #nodes + 1
    ngx.ctx.node = nodes[turns[name]]
end


function _M.balance()
    assert(balancer.set_current_peer(ngx.ctx.node.host, ngx.ctx.node.port))
end


-- What a request would find: the nodes, which table they are, and whether they are all of one
-- commit (tests of torn reads give all nodes of a commit the same weight).
function _M.look()
    local nodes, err = portolan.nodes(ngx.var.arg_name)
    local list = {}
    for i, node in ipairs(nodes or {}) do
        list[i] = { node.host, node.port, node.weight, node.priority }
    end
    ngx.say(json.encode({
        known = nodes ~= nil, error = err, count = #list, nodes = list, table = tostring(nodes),
        pid = ngx.worker.pid(), worker = ngx.worker.id(),
        timers = ngx.timer.running_count() + ngx.timer.pending_count(),
    }))
end


function _M.control()
    local path = ngx.var.uri:match("^/v1/discovery/portolan(/.*)$")
    if path == "/dump" then
        return ngx.say(json.encode(portolan.dump_data()))
    end
    for _, route in ipairs(portolan.control_api()) do
        if route.uris[1] == path then
            local code, body = route.handler()
            ngx.status = code
            return ngx.say(json.encode(body))
        end
    end
    return ngx.exit(404)
end


function _M.status_ready()
    local ready, err = portolan.check_discovery_ready()
    ngx.status = ready and 200 or 503
    ngx.say(err or "ok")
end


return _M
