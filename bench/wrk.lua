-- Reports a run in one line.
-- "post FILE FIRST" posts the lines of a file, each "path TAB cookie TAB body", from the line FIRST on, and counts the
-- answers that are not 303. "pace LOW HIGH" lets each connection pause so many milliseconds before it asks again.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  sent, other = 0, 0
  if arguments[1] == "pace" then
    math.randomseed(1)
    delay = function() return math.random(tonumber(arguments[2]), tonumber(arguments[3])) end
  elseif arguments[1] == "post" then
    bodies, first = {}, tonumber(arguments[3])
    for line in io.lines(arguments[2]) do
      table.insert(bodies, line)
    end
    request = post
    response = function(status)
      if status ~= 303 then other = other + 1 end
    end
  end
end

function post()
  local line = bodies[(first + sent) % #bodies + 1]
  sent = sent + 1
  local path, cookie, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
  local headers = { ["Cookie"] = cookie, ["Content-Type"] = "application/x-www-form-urlencoded" }
  return wrk.format("POST", path, headers, body)
end

function done(summary, latency)
  local errors = summary.errors
  local unexpected = 0
  for _, thread in ipairs(threads) do
    unexpected = unexpected + thread:get("other")
  end
  local bad = errors.connect + errors.read + errors.write + errors.timeout + math.max(errors.status, unexpected)
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.bytes, bad,
    latency:percentile(99), latency.max))
end
