-- What may stand under `discovery: portolan:` in config.yaml.

-- APISIX makes a number of a variable's value that looks like one.
local word = { type = { "string", "number" } }

local uuid = {
    type = "string",
    pattern = [[^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$]],
}

return {
    type = "object",
    properties = {
        redis = {
            type = "object",
            properties = {
                host = { type = "string", minLength = 1 },
                port = { type = "integer", minimum = 1, maximum = 65535, default = 6379 },
                -- The path of a socket, instead of host and port.
                unix_socket = { type = "string", pattern = "^/" },
                username = word,
                password = word,
                database = { type = "integer", minimum = 0, default = 0 },
                ssl = { type = "boolean", default = false },
                ssl_verify = { type = "boolean", default = true },
                ssl_server_name = { type = "string", minLength = 1 },
                -- Milliseconds, for connecting and for every answer.
                timeout = { type = "integer", minimum = 100, maximum = 60000, default = 2000 },
            },
            anyOf = {
                { required = { "host" } },
                { required = { "unix_socket" } },
            },
        },
        control_plane = uuid,
        -- The gateway that heartbeats are reported for; without it there are none.
        gateway = uuid,
        -- Where the last good state is kept; the folder must be writable for APISIX's workers.
        file = { type = "string", pattern = "^/" },
        -- Milliseconds that a request waits for the first state of a worker that has just started.
        first_state_wait = { type = "integer", minimum = 0, maximum = 10000, default = 1000 },
    },
    required = { "redis", "control_plane" },
}
