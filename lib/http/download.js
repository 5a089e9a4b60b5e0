'use strict'

// Sends the bytes of an artifact so that what the client saves has the right name. DevTools opens no .gz file: a client
// that accepts the encoding gets it as Content-Encoding, under the bare name; any other gets the packed file as it is.

const path = require('node:path')
const { pipeline } = require('node:stream')

const CODINGS = {
  '.gz': { encoding: 'gzip', type: 'application/gzip' },
  '.zst': { encoding: 'zstd', type: 'application/zstd' }
}

/** Headers for an artifact called `name`. */
function downloadHeaders (req, name) {
  const extension = path.extname(name)
  const coding = CODINGS[extension]
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept-Encoding'
  }
  if (coding && accepts(req.headers['accept-encoding'], coding.encoding)) {
    headers['Content-Encoding'] = coding.encoding
    name = path.basename(name, extension)
  } else if (coding) {
    headers['Content-Type'] = coding.type
  }
  headers['Content-Disposition'] = `attachment; filename="${name}"`
  return headers
}

/** RFC 9110, 12.5.3, but without the header nothing is accepted: such clients save what they get. */
function accepts (header, coding) {
  const weights = new Map((header ?? '').toLowerCase().split(',').map((part) => {
    const [name, ...parameters] = part.split(';').map((piece) => piece.trim())
    return [name, !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))]
  }))
  // '*' stands for the codings that are not named.
  return weights.get(coding) ?? weights.get('*') ?? false
}

/** Resolves when everything was sent; rejects when the source fails or the client goes away. */
function sendStream (res, source) {
  return new Promise((resolve, reject) => {
    pipeline(source, res, (error) => error ? reject(error) : resolve())
  })
}

module.exports = { downloadHeaders, sendStream }
