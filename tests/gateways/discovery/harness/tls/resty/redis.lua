-- Debian's client with what clients from 0.28 on can: the handshake after connecting. APISIX has a
-- newer one; only the options that its `connect` takes are stood in for here.

local redis = require("nginx.redis")
local plain = redis.connect

redis._VERSION = "0.28"


function redis.connect(self, host, port, opts)
    local ok, err = plain(self, host, port)
    if not ok or not (opts and opts.ssl) then
        return ok, err
    end
    ok, err = rawget(self, "_sock"):sslhandshake(false, opts.server_name, opts.ssl_verify)
    if not ok then
        return nil, "failed to do ssl handshake: " .. tostring(err)
    end
    return 1
end


return redis
