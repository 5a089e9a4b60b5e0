'use strict'

// A heap snapshot that goes over the network as it is made, without a file. Here a server in the same file takes it; an
// upload to S3 or the like takes the stream in the same way.
//
//   node examples/upload-stream.js

const { once } = require('node:events')
const http = require('node:http')
const { pipeline } = require('node:stream/promises')
const zlib = require('node:zlib')
const { createSnapshotStream } = require('heapkit')

async function main () {
  const storage = await startStorage()
  const snapshot = createSnapshotStream()
  const upload = http.request(`http://127.0.0.1:${storage.address().port}/${snapshot.fileName}`, {
    method: 'PUT',
    // As it comes: nobody knows the length before the end.
    headers: { 'Content-Type': 'application/gzip' }
  })
  const answered = once(upload, 'response')
  await Promise.all([pipeline(snapshot, upload), answered])
  const [response] = await answered
  response.resume()
  const { rawBytes, bytes, sha256, pauseMs } = snapshot.artifact
  console.log(`sent      ${snapshot.fileName}: ${bytes} bytes (${rawBytes} raw), ${pauseMs} ms pause\n          sha256 ${sha256}`)
  storage.close()
}

/** Unpacks what it is sent, and says what that was. */
async function startStorage () {
  const server = http.createServer(async (req, res) => {
    let raw = 0
    await pipeline(req, zlib.createGunzip(), async (chunks) => {
      for await (const chunk of chunks) raw += chunk.length
    })
    console.log(`received  ${req.method} ${req.url}: ${raw} bytes unpacked`)
    res.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

main()
