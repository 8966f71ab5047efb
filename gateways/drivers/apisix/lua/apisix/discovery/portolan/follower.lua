-- The loop of one worker. It lives in one timer, or waits in one: never both, never two.

local core = require("apisix.core")
local connection = require("apisix.discovery.portolan.connection")

local _M = {}
local mt = { __index = _M }

-- What a timer allocates is freed when it ends: seconds until the next one takes over.
local SHIFT = 60
local BACKOFF_FIRST, BACKOFF_MOST = 0.1, 5


function _M.new(settings, feed, store, report)
    return setmetatable({
        settings = settings,
        feed = feed,
        store = store,    -- nil in workers that do not write the file
        report = report,
        connected = false,
        trouble = nil,    -- why there is no connection
        wait = 0,
    }, mt)
end


-- Follow the feed on one connection, for a shift at most. True, or nil and what went wrong.
local function shift(self)
    local red, err = connection.open(self.settings.redis)
    if not red then
        return nil, err
    end
    local feed, ends = self.feed, ngx.now() + SHIFT
    local ok
    ok, err = feed:doubt(red, true)
    while ok and ngx.now() < ends and not ngx.worker.exiting() do
        if not self.connected then
            self.connected, self.wait = true, 0
            if self.trouble then
                core.log.warn("portolan: Redis answers again")
                self.trouble = nil
            end
        end
        if self.store then
            self.store:save(feed)
        end
        ok, err = self.report:beat(red, feed)
        if ok then
            ok, err = feed:step(red)
        end
    end
    red:close()
    return ok, err
end


-- One line an outage: the first failure, or another reason.
local function failed(self, err)
    self.connected = false
    if self.trouble ~= err then
        self.trouble = err
        core.log.error("portolan: ", err, "; what was known is kept")
    end
    self.wait = math.min(math.max(self.wait * 2, BACKOFF_FIRST), BACKOFF_MOST)
    return self.wait * (0.5 + math.random() / 2)
end


local function once(self)
    local done, ok, err = pcall(shift, self)
    if not done then
        ok, err = nil, ok
    end
    if ok then
        return 0
    end
    local pause = failed(self, tostring(err))
    if self.store then
        pcall(self.store.save, self.store, self.feed)
    end
    return pause
end


function _M:start()
    local function run(premature)
        while not premature and not ngx.worker.exiting() do
            local pause = once(self)
            local ok = ngx.timer.at(pause, run)
            if ok or ngx.worker.exiting() then
                return
            end
            ngx.sleep(pause + 1)  -- nginx has no timer left
        end
    end
    return ngx.timer.at(0, run)
end


return _M
