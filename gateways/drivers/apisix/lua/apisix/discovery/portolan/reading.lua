-- What is read from a feed in Redis. Functions answer nil and why not when Redis does not.

local _M = {}

local null = ngx.null
local str_sub = string.sub

local PREFIX = "upstream/"
local CHUNK = 200     -- states read at once
local SCAN = 500      -- states asked for in a step of a scan


-- The id of the upstream whose state has this key; nil for other states.
function _M.id_of(key)
    if str_sub(key, 1, #PREFIX) == PREFIX and not key:find("%c") then
        return str_sub(key, #PREFIX + 1)
    end
end


local function text_of(value)
    return value ~= null and value or nil
end


-- What meta says, or nil if nothing has been published.
local function meta_of(answer)
    local epoch, seq = tonumber(text_of(answer[1])), tonumber(text_of(answer[2]))
    if not epoch or not seq or seq == 0 then
        return nil
    end
    return {
        epoch = epoch,
        seq = seq,
        checksum = text_of(answer[3]),
        at = tonumber(text_of(answer[4])) or 0,
    }
end


local META = { "epoch", "seq", "checksum", "at" }


-- What meta says; nil without an error: nothing has been published.
function _M.meta(red, keys)
    local answer, err = red:hmget(keys.meta, unpack(META))
    if not answer then
        return nil, "cannot read meta: " .. tostring(err)
    end
    return meta_of(answer)
end


local function epoch_and_seq(id)
    local epoch, seq = id:match("^(%d+)%-(%d+)$")
    return tonumber(epoch), tonumber(seq)
end


-- Whether entries follow a position without a gap; their last place.
function _M.follows(entries, epoch, seq)
    for _, entry in ipairs(entries) do
        local its_epoch, its_seq = epoch_and_seq(entry[1])
        if its_epoch ~= epoch or its_seq ~= seq + 1 then
            return nil
        end
        seq = its_seq
    end
    return seq
end


-- All upstreams: id → { entry, or nil and what is wrong with it }. `parse` makes entries.
function _M.scan(red, keys, parse)
    local found, cursor = {}, "0"
    repeat
        local answer, err =
            red:hscan(keys.states, cursor, "MATCH", PREFIX .. "*", "COUNT", SCAN)
        if not answer then
            return nil, "cannot read states: " .. tostring(err)
        end
        cursor = answer[1]
        for i = 1, #answer[2], 2 do
            local id = _M.id_of(answer[2][i])
            if id then
                found[id] = { parse(answer[2][i + 1]) }
            end
        end
    until cursor == "0"
    return found
end


-- What meta and the stream say after a scan that began at `meta`. Commits that came meanwhile are
-- harmless if the stream has all of them: they are read next. Else states may have been missed.
function _M.whole(red, keys, meta)
    red:init_pipeline(2)
    red:hmget(keys.meta, unpack(META))
    red:xread("COUNT", 10000, "STREAMS", keys.changes, meta.epoch .. "-" .. meta.seq)
    local answers, err = red:commit_pipeline()
    if not answers then
        return nil, tostring(err)
    end
    local after = type(answers[1]) == "table" and answers[1][1] ~= false and meta_of(answers[1])
    if not after or after.epoch ~= meta.epoch then
        return false
    end
    if after.seq == meta.seq then
        return after.checksum == meta.checksum
    end
    local came = type(answers[2]) == "table" and answers[2][1]
    local last = came and _M.follows(came[2], meta.epoch, meta.seq)
    return last ~= nil and last ~= false and last >= after.seq
end


-- The states of upstreams as they are now, and meta after them.
function _M.states(red, keys, ids)
    if #ids == 0 then
        local meta, err = _M.meta(red, keys)
        return meta and {}, err, meta
    end
    local states, meta = {}, nil
    for start = 1, #ids, CHUNK do
        local names = {}
        for i = start, math.min(start + CHUNK - 1, #ids) do
            names[#names + 1] = PREFIX .. ids[i]
        end
        red:init_pipeline(2)
        red:hmget(keys.states, unpack(names))
        red:hmget(keys.meta, unpack(META))
        local answers, err = red:commit_pipeline()
        if not answers or answers[1][1] == false or answers[2][1] == false then
            return nil, "cannot read states: " .. tostring(err or "refused")
        end
        for i, value in ipairs(answers[1]) do
            states[ids[start + i - 1]] = value
        end
        meta = meta_of(answers[2])
        if not meta then
            return nil  -- lost since the entries came: what is missing now is not gone
        end
    end
    return states, nil, meta
end


return _M
