return require("nginx.redis")  -- Debian's name for it
