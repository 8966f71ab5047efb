-- APISIX's config.yaml, here as JSON.

local json = require("cjson.safe")

local conf

return {
    local_conf = function()
        if not conf then
            local file = assert(io.open(ngx.config.prefix() .. "config.json"))
            conf = assert(json.decode(file:read("*a")))
            file:close()
        end
        return conf
    end,
}
