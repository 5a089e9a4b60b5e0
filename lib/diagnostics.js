'use strict'

// diagnostics_channel events of every capture: heapkit:capture:start, :end and :error. index.d.ts has their messages:
// CaptureStartEvent, CaptureEndEvent, CaptureErrorEvent.

const diagnosticsChannel = require('node:diagnostics_channel')

const channels = {
  start: diagnosticsChannel.channel('heapkit:capture:start'),
  end: diagnosticsChannel.channel('heapkit:capture:end'),
  error: diagnosticsChannel.channel('heapkit:capture:error')
}

function publish (event, message) {
  const channel = channels[event]
  // Node reports what a subscriber throws by itself; it does not come back here.
  if (channel.hasSubscribers) channel.publish(message)
}

module.exports = { publish }
