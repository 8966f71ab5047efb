-- The last good state in a file, so that a restart without Redis serves what was served before.
--
-- One worker writes it: whole, to a file beside it that then takes its name, readable by its owner
-- only. What is read back must be of this control plane and unharmed, or nothing of it is used.

local ffi = require("ffi")
local core = require("apisix.core")
local State = require("apisix.discovery.portolan.state")

pcall(ffi.cdef, "unsigned int umask(unsigned int mask);")

local _M = {}
local mt = { __index = _M }

local FORMAT = 1
local LEAST_GAP = 1  -- seconds between two writes
-- A write holds the worker up: it may take this share of the time at most.
local SHARE = 0.02


function _M.new(path, control_plane)
    return setmetatable({
        path = path,
        control_plane = control_plane,
        saved = nil,  -- what the file has
        next_at = 0,
        failed = false,
    }, mt)
end


local function content(self, feed)
    local lines = {}
    for id, entry in pairs(feed.state.entries) do
        lines[#lines + 1] = State.to_line(id, entry)
    end
    local body = table.concat(lines, "\n")
    local head = core.json.encode({
        portolan = FORMAT,
        control_plane = self.control_plane,
        epoch = feed.position.epoch,
        seq = feed.position.seq,
        checksum = feed.checksum or nil,
        committed_at = feed.committed_at,
        upstreams = #lines,
        md5 = ngx.md5(body),
    })
    return head .. "\n" .. body
end


local function replace(path, text)
    local beside = path .. "." .. ngx.worker.pid()
    os.remove(beside)
    local before = ffi.C.umask(63)  -- 077
    local file, err = io.open(beside, "wb")
    ffi.C.umask(before)
    if not file then
        return nil, err
    end
    local ok
    ok, err = file:write(text)
    local closed, close_err = file:close()
    if ok and closed then
        ok, err = os.rename(beside, path)
    end
    if not (ok and closed) then
        os.remove(beside)
        return nil, err or close_err
    end
    return true
end


local function stamp(feed)
    return feed:name() .. " " .. feed.changes
end


-- Write what the worker has, if the file has something else and it is time.
function _M:save(feed)
    ngx.update_time()
    local began = ngx.now()
    if not feed.position or self.saved == stamp(feed) or began < self.next_at then
        return
    end
    local ok, err = replace(self.path, content(self, feed))
    ngx.update_time()
    self.next_at = ngx.now() + math.max(LEAST_GAP, (ngx.now() - began) / SHARE)
    if ok then
        self.saved, self.failed = stamp(feed), false
    elseif not self.failed then
        self.failed = true
        core.log.error("portolan: cannot keep the last good state: ", err)
    end
end


local function decoded(self, feed, text)
    local head, body = text:match("^([^\n]*)\n(.*)$")
    local meta = head and core.json.decode(head)
    if type(meta) ~= "table" or meta.portolan ~= FORMAT then
        return nil, "it is not of this format"
    end
    if meta.control_plane ~= self.control_plane then
        return nil, "it is of another control plane"
    end
    if meta.md5 ~= ngx.md5(body) or not tonumber(meta.epoch) or not tonumber(meta.seq) then
        return nil, "it is damaged"
    end
    local entries = {}
    for line in body:gmatch("[^\n]+") do
        local id, entry = feed.state:from_line(line)
        if not id then
            return nil, "it is damaged"
        end
        entries[id] = entry
    end
    return meta, nil, entries
end


-- Fill a feed that has nothing yet from the file; tell whether that was done.
function _M:load(feed)
    local file = io.open(self.path, "rb")
    if not file then
        return false  -- the first start
    end
    local text = file:read("*a")
    file:close()
    local meta, err, entries = decoded(self, feed, text or "")
    if not meta then
        if ngx.worker.id() == 0 then
            core.log.error("portolan: ", self.path, " is not used: ", err)
        end
        return false
    end
    for id, entry in pairs(entries) do
        feed.state:put(id, entry)
    end
    feed.position = { epoch = meta.epoch, seq = meta.seq }
    feed.checksum = meta.checksum
    feed.committed_at = tonumber(meta.committed_at) or 0
    feed.applied_at = math.floor(ngx.now() * 1000)
    self.saved = stamp(feed)
    return true
end


return _M
