-- Sends a different ID token with each request: wrk … -- <start> <delay in ms> <file> [<file>]
-- With two files their tokens take turns. Every request is put together before the first is sent.
local lists, position, pause = {}, 0, 0

local function readRequests(path)
  local requests = {}
  for line in io.lines(path) do
    local uid, token = line:match("^(%S+) (%S+)$")
    requests[#requests + 1] = wrk.format("POST", "/api/calls/livekit-token", {
      ["Authorization"] = "Bearer " .. token,
      ["Content-Type"] = "application/json",
      ["Host"] = "127.0.0.1",
    }, '{"roomName":"room-' .. #requests .. '","participantIdentity":"' .. uid .. '"}')
  end
  return requests
end

function init(args)
  position = tonumber(args[1])
  pause = tonumber(args[2])
  for i = 3, #args do
    lists[#lists + 1] = readRequests(args[i])
  end
end

function request()
  position = position + 1
  local list = lists[position % #lists + 1]
  return list[math.floor(position / #lists) % #list + 1]
end

-- How long a connection waits before its next request.
function delay()
  return pause
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"badStatus":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    e.status, e.connect + e.read + e.write + e.timeout))
end
