-- How long changes took to get here, counted in the buckets of console/lags.py.

local _M = {}
local mt = { __index = _M }

local BOUNDS = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 }


function _M.new()
    local counts = {}
    for i = 1, #BOUNDS + 1 do
        counts[i] = 0
    end
    return setmetatable({ counts = counts, sum = 0, last = nil }, mt)
end


function _M:add(seconds)
    local at = 1
    while BOUNDS[at] and seconds > BOUNDS[at] do
        at = at + 1
    end
    self.counts[at] = self.counts[at] + 1
    self.sum = self.sum + seconds
    self.last = seconds
end


return _M
