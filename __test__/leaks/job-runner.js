'use strict'

// Each job listens to the process, to remove its directory when that ends. Jobs end long before, and go on listening.

process.setMaxListeners(0)

class JobDirectory {
  constructor (number) {
    this.path = `/tmp/job-${number}`
    this.files = Array.from({ length: 40 }, (_, file) => file * number + 0.5)
  }

  remove () { this.files.length = 0 }
}

function startJob (number) {
  const directory = new JobDirectory(number)
  process.on('SIGHUP', () => directory.remove())
}

module.exports = {
  holder: [/\bprocess\b/, /\bSIGHUP\b/],
  thing: /\bJobDirectory\b/,
  count: 1,
  bytes: 1000,
  calls: [500, 6000, 6000],
  leak: startJob
}
