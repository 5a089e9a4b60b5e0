'use strict'

// Uploads are collected in a private field of the store, for a hash that is made only when a client says that it is done.

class UploadStore {
  #chunks = []

  receive (chunk) { this.#chunks.push(chunk) }
}

const uploads = new UploadStore()

module.exports = {
  holder: [/\bUploadStore\b/, /#?chunks\b/],
  thing: /\bBuffer\b|\bUint8Array\b|\bArrayBuffer\b/,
  count: 1,
  bytes: 16_700,
  calls: [50, 500, 500],
  leak (index) { uploads.receive(Buffer.alloc(16_384, index)) }
}
