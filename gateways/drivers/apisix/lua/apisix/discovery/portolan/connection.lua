-- The door to Redis: connections that are logged in and have the right database.

local redis = require("resty.redis")

local _M = {}

-- Milliseconds that the server holds an XREAD back when nothing comes. A read that takes much
-- longer than that has lost its connection.
_M.BLOCK = 1000


local function connect(red, conf)
    if conf.unix_socket then
        return red:connect("unix:" .. conf.unix_socket)
    end
    if not conf.ssl then
        return red:connect(conf.host, conf.port)
    end
    if not (tonumber(redis._VERSION) and tonumber(redis._VERSION) >= 0.28) then
        return nil, "this lua-resty-redis knows no TLS"  -- it would go on without
    end
    return red:connect(conf.host, conf.port, {
        ssl = true,
        ssl_verify = conf.ssl_verify,
        server_name = conf.ssl_server_name or conf.host,
    })
end


-- A client, or nil and why not.
function _M.open(conf)
    local red = redis:new()
    red:set_timeout(conf.timeout)
    local ok, err = connect(red, conf)
    if not ok then
        return nil, "cannot connect: " .. tostring(err)
    end
    if conf.password then
        if conf.username then
            ok, err = red:auth(conf.username, conf.password)
        else
            ok, err = red:auth(conf.password)
        end
        if not ok then
            red:close()
            return nil, "cannot log in: " .. tostring(err)
        end
    end
    if conf.database > 0 then
        ok, err = red:select(conf.database)
        if not ok then
            red:close()
            return nil, "cannot select database " .. conf.database .. ": " .. tostring(err)
        end
    end
    red:set_timeout(conf.timeout + _M.BLOCK)
    return red
end


return _M
