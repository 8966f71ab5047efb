-- What the discovery module uses of APISIX's `core`, with the same names and answers.

local json = require("cjson.safe")

local function logger(level)
    return function(...) ngx.log(level, ...) end
end

return {
    version = { VERSION = "3.18.0" },
    json = { encode = json.encode, decode = json.decode },
    log = { error = logger(ngx.ERR), warn = logger(ngx.WARN), info = logger(ngx.INFO) },
    id = { get = function() return "apisix-of-the-test" end },
    utils = { gethostname = function() return "host-of-the-test" end },
}
