'use strict'

// A reload of certificates for each tenant watches their files, and goes on watching those of tenants that have left.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

class CertificateStore {
  constructor (tenant) {
    this.tenant = tenant
    this.chain = Array.from({ length: 100 }, (_, part) => part + 0.5)
    fs.watchFile(path.join(os.tmpdir(), `heapkit-no-such-${tenant}.pem`), { persistent: false, interval: 3_600_000 }, () => this.reload())
  }

  reload () { this.chain.length = 0 }
}

module.exports = {
  holder: [/StatWatcher|statWatchers|watchFile|node:internal\/fs|node:fs/],
  thing: /\bCertificateStore\b|\bStatWatcher\b/,
  count: 1,
  bytes: 1500,
  calls: [200, 1500, 1500],
  leak (index) { new CertificateStore(index).reload.name.at(0) }
}
